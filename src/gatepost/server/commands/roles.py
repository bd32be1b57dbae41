"""`gatepost roles`: what each role allows, from the terminal."""

from typing import Annotated

import typer

from gatepost.server.commands.options import AppOption, columns
from gatepost.server.gates import opened
from gatepost.server.outcome import CommandFailed, execute

commands = typer.Typer()
NameArgument = Annotated[str, typer.Argument(metavar="ROLE", help="For example editor.")]


@commands.command("list")
def list_roles(app: AppOption = None) -> None:
    """Show every defined role with what it allows, and where that is said."""

    async def story() -> str:
        async with opened(app) as gate:
            rows: list[tuple[str, ...]] = [("ROLE", "DEFINED", "ALLOWS", "DESCRIPTION")]
            rows += [
                (
                    role.name,
                    "settings" if role.is_fixed else "here",
                    " ".join(sorted(role.permissions)) or "-",
                    role.description or "-",
                )
                for role in await gate.roles.listing()
            ]
            return columns(rows)

    typer.echo(execute(story))


@commands.command()
def define(
    role: NameArgument,
    app: AppOption = None,
    *,
    allow: Annotated[list[str] | None, typer.Option(help="A permission; may be given several times.")] = None,
    description: Annotated[str, typer.Option(help="What the role is for.")] = "",
) -> None:
    """Make a role, or change one: afterwards it allows what is named here, and nothing else."""

    async def story() -> str:
        async with opened(app) as gate:
            made = await gate.roles.define(role, description, allow or ())
            return f"{made.name} allows {' '.join(sorted(made.permissions)) or 'nothing'}"

    typer.echo(execute(story))


@commands.command()
def delete(role: NameArgument, app: AppOption = None) -> None:
    """Delete a role, and take it from everybody who has it: their sessions end."""

    async def story() -> str:
        async with opened(app) as gate:
            if not await gate.roles.delete(role):
                raise CommandFailed("there is no such role")
            return f"{role} is deleted"

    typer.echo(execute(story))
