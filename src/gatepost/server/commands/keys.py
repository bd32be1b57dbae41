"""`gatepost keys`: what signs access tokens, and its successor."""

from typing import Annotated

import typer

from gatepost.server.commands.options import AppOption, columns
from gatepost.server.gates import opened
from gatepost.server.outcome import execute
from gatepost.server.times import written

commands = typer.Typer()


@commands.command("list")
def list_keys(app: AppOption = None) -> None:
    """Show every key with its state: next, active, retired or removed."""

    async def story() -> str:
        async with opened(app) as gate:
            rows: list[tuple[str, ...]] = [("KEY", "STATE", "ALGORITHM", "MADE", "SIGNS FROM")]
            rows += [
                (row.kid, state.value, row.algorithm, written(row.created_at / 1000), written(row.active_from / 1000))
                for row, state in gate.core.keyring.listing()
            ]
            return columns(rows)

    typer.echo(execute(story))


@commands.command()
def rotate(
    app: AppOption = None,
    *,
    immediately: Annotated[
        bool, typer.Option("--immediately", help="A key leaked: sign at once, refuse every token signed before.")
    ] = False,
) -> None:
    """Make a new key; it is published now, signs when every cached JWKS must have seen it, and no token is refused."""

    async def story() -> str:
        async with opened(app) as gate:
            keyring = gate.core.keyring
            kid = await keyring.rotate(immediately=immediately)
            row = next(row for row, _ in keyring.listing() if row.kid == kid)
        if immediately:
            return f"{kid} signs now; every other key is removed, and tokens that they signed are refused"
        return f"{kid} is published, and signs from {written(row.active_from / 1000)}"

    typer.echo(execute(story))
