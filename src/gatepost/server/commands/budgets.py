"""`gatepost budgets`: what somebody has spent of their attempts, and all of it back."""

from typing import Annotated, Any

import typer

from gatepost.core.budgets import Spender
from gatepost.core.throttle import Level
from gatepost.gate import Gatepost
from gatepost.kernel.errors import ConfigurationError
from gatepost.server.commands.options import AppOption, columns
from gatepost.server.commands.person import find
from gatepost.server.gates import opened
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed, execute

commands = typer.Typer()
_Who = Annotated[
    str | None, typer.Argument(metavar="USER", help="A user, or an e-mail address or username that nobody has.")
]
_Address = Annotated[str | None, typer.Option(help="An IP address, instead of a user.")]


@commands.command()
def show(user: _Who = None, app: AppOption = None, *, address: _Address = None) -> None:
    """Show what is spent and locked."""

    async def story() -> str:
        async with opened(app) as gate:
            levels = await gate.core.budgets.levels(await _spender(gate, user, address))
        if not levels:
            return "every budget is whole"
        return columns([("BUDGET", "SPENT", "NEXT IN", "STATE"), *map(_row, levels)])

    typer.echo(execute(story))


@commands.command()
def clear(user: _Who = None, app: AppOption = None, *, address: _Address = None) -> None:
    """Give every budget back."""

    async def story() -> None:
        async with opened(app) as gate:
            await gate.core.budgets.clear(await _spender(gate, user, address))

    execute(story)
    typer.echo(f"{user or address}: every budget is whole")


async def _spender(gate: Gatepost[Any], user: str | None, address: str | None) -> Spender:
    if gate.settings.throttle == "memory":
        raise ConfigurationError("GATEPOST_THROTTLE=memory: only the server itself knows its budgets")
    if (user is None) == (address is None):
        raise CommandFailed("name a user, or give --address", NOT_UNDERSTOOD)
    budgets = gate.core.budgets
    if user is None:
        return budgets.of_address(str(address))
    found = await find(gate.users, user)
    return budgets.of_user(found) if found is not None else await budgets.of_identifier(user)


def _row(level: Level) -> tuple[str, ...]:
    state = "locked" if level.is_locked else "spent" if level.retry_after else ""
    return (
        level.budget.name,
        f"{level.spent}/{level.budget.limit}",
        f"{level.retry_after} s" if level.retry_after else "-",
        state,
    )
