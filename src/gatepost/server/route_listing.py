"""`gatepost routes`: every route of an application, and what guards it. The application is imported, not started."""

import json
from collections.abc import Callable
from dataclasses import asdict

import typer

from gatepost.server.commands.options import columns
from gatepost.server.gates import find_applications
from gatepost.server.outcome import FAILED, execute, fail
from gatepost.web.route_table import RouteLine, route_table

NOTHING = "nothing"


def list_routes(*, app: str | None, is_json: bool, is_strict: bool) -> None:
    """Print every route; with `is_strict`, one that nothing guards is a failure."""

    async def story() -> list[RouteLine]:
        return [line for found, policy in find_applications(app) for line in route_table(found, policy.open_paths)]

    lines = execute(story)
    show: Callable[[list[RouteLine]], str] = _as_json if is_json else _as_text
    typer.echo(show(lines))
    unguarded = [line for line in lines if not line.guards]
    if is_strict and unguarded:
        fail(f"nothing guards {len(unguarded)} of {len(lines)} routes, and nothing says that they are open", FAILED)


def _as_text(lines: list[RouteLine]) -> str:
    rows: list[tuple[str, ...]] = [("METHOD", "PATH", "GUARDED BY")]
    rows += [(" ".join(line.methods), line.path, "; ".join(line.guards) or NOTHING) for line in lines]
    return columns(rows)


def _as_json(lines: list[RouteLine]) -> str:
    return json.dumps([asdict(line) for line in lines], indent=2)
