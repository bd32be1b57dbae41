"""`gatepost token inspect`: what a token says, and what this server would say to it.

The token comes by standard input: an argument would stand in the shell's history.
"""

import sys
from typing import Annotated, Any

import typer

from gatepost.gate import Gatepost
from gatepost.kernel.tokens import TokenMalformed
from gatepost.server.commands.options import AppOption
from gatepost.server.gates import find_gate
from gatepost.server.inspection import Verdict, has_database, judged, shown
from gatepost.server.outcome import FAILED, NOT_UNDERSTOOD, CommandFailed, execute, fail, sentence_of

commands = typer.Typer()
_MAX_INPUT = 100_000


@commands.callback()
def about() -> None:
    """Access tokens, refresh tokens, session cookies and API keys."""


@commands.command()
def inspect(
    token: Annotated[
        str | None, typer.Argument(metavar="TOKEN", help="Left out or -, it is read from standard input.")
    ] = None,
    app: AppOption = None,
) -> None:
    """Show what a token says and, where the database can be reached, whether this server accepts it now."""
    text = (_read() if token in {None, "-"} else str(token)).strip().removeprefix("Bearer ").strip()

    async def story() -> Verdict | str:
        gate = find_gate(app)
        try:
            typer.echo(shown(text, gate.clock.now()))
        except TokenMalformed:
            raise CommandFailed("this is not a whole token", NOT_UNDERSTOOD) from None
        except ValueError as error:
            raise CommandFailed(f"this is not a token that can be read ({error})", NOT_UNDERSTOOD) from None
        return await _ask(gate, text)

    verdict = execute(story)
    if isinstance(verdict, str):
        typer.echo(f"not asked: {verdict}")
    elif verdict.is_accepted:
        typer.echo(f"accepted: {verdict.words}")
    else:
        typer.echo(f"refused: {verdict.words}")
        raise typer.Exit(FAILED)


async def _ask(gate: Gatepost[Any], token: str) -> Verdict | str:
    """Return the server's verdict, or why there is none: what the token says is worth knowing all the same."""
    try:
        if not has_database(gate):
            return "there is no database here"
        async with gate.lifespan(is_serving=False):
            return await judged(gate, token)
    except Exception as error:  # noqa: BLE001 - whatever keeps the server from starting is only told
        return sentence_of(error)[0]


def _read() -> str:
    if sys.stdin.isatty():
        answer: str = typer.prompt("Token", hide_input=True)
        return answer
    text = sys.stdin.buffer.read(_MAX_INPUT).decode("utf-8", "replace")
    if not text.strip():
        fail("there is no token on standard input", NOT_UNDERSTOOD)
    return text
