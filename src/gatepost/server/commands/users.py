"""`gatepost users`: people, from the terminal.

Passwords come by prompt or standard input: an argument would stand in the shell's history and in the list of processes.
"""

import uuid
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from gatepost.core.users.domain import User
from gatepost.core.users.flow import FIRST_ID, Users
from gatepost.gate import Gatepost
from gatepost.server.commands import administration
from gatepost.server.commands.options import AppOption, columns
from gatepost.server.commands.person import IdentifierArgument, PasswordStdin, about, password
from gatepost.server.gates import opened
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed, execute, fail

commands = typer.Typer()
_Change = Callable[[Users[Any], User[Any]], Coroutine[Any, Any, str]]
_PAGE = 500


@commands.command()
def create(
    app: AppOption = None,
    *,
    email: Annotated[str | None, typer.Option(help="The e-mail address.")] = None,
    username: Annotated[str | None, typer.Option(help="The username; one of the two is needed.")] = None,
    full_name: Annotated[str | None, typer.Option(help="The name to show.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be given several times.")] = None,
    verified: Annotated[bool, typer.Option("--verified", help="The address is known to be the user's own.")] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Make a user and print the id; the password is asked for."""
    if email is None and username is None:
        fail("give --email or --username", NOT_UNDERSTOOD)
    secret = password(from_stdin=password_stdin)

    async def story() -> uuid.UUID:
        async with opened(app) as gate:
            user = await gate.create_user(
                password=secret,
                email=email,
                username=username,
                full_name=full_name,
                email_verified=verified,
                roles=role or (),
            )
        if user is None:
            raise CommandFailed("the e-mail address or the username is taken")
        return user.id

    typer.echo(execute(story))


@commands.command("list")
def list_users(app: AppOption = None) -> None:
    """Show every user, oldest first."""

    async def story() -> None:
        rows: list[tuple[str, ...]] = [("ID", "E-MAIL", "USERNAME", "ROLES", "MADE", "STATE")]
        last = FIRST_ID
        async with opened(app) as gate:
            while page := await gate.users.page(last, _PAGE):
                rows += [_row(user) for user in page]
                typer.echo(columns(rows))
                rows, last = [], page[-1].id
        if rows:
            typer.echo(columns(rows))

    execute(story)


@commands.command()
def disable(user: IdentifierArgument, app: AppOption = None) -> None:
    """End every session of a user and refuse new ones."""

    async def change(users: Users[Any], found: User[Any]) -> str:
        return "disabled, every session ended" if await users.disable(found.id) else "was disabled before"

    _change(user, app, change)


@commands.command()
def enable(user: IdentifierArgument, app: AppOption = None) -> None:
    """Let a disabled user sign in again."""

    async def change(users: Users[Any], found: User[Any]) -> str:
        return "enabled" if await users.enable(found.id) else "was enabled before"

    _change(user, app, change)


@commands.command("set-role")
def set_role(
    user: IdentifierArgument,
    role: Annotated[str, typer.Argument(help="For example admin.")],
    app: AppOption = None,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take it away, and end every session of the user.")] = False,
) -> None:
    """Give a user a role, or take it away."""

    async def change(users: Users[Any], found: User[Any]) -> str:
        if remove:
            is_done = await users.remove_role(found.id, role)
            return f"lost the role {role}, every session ended" if is_done else f"did not have the role {role}"
        return f"has the role {role}" if await users.grant_role(found.id, role) else f"had the role {role} before"

    _change(user, app, change)


@commands.command("export")
def export_user(user: IdentifierArgument, app: AppOption = None) -> None:
    """Print everything that is known of one person, as JSON; the export is recorded."""

    async def story(gate: Gatepost[Any], found: User[Any]) -> str:
        return await gate.personal_data.export(gate.core.database, found)

    typer.echo(about(user, app, story))


commands.command("create-admin")(administration.create_admin)
commands.command("invite")(administration.invite)
commands.command("show")(administration.show)
commands.command("sign-out")(administration.sign_out)
commands.command("require-password-change")(administration.require_password_change)
commands.command("delete")(administration.delete)


def _change(identifier: str, app: str | None, change: _Change) -> None:
    async def story(gate: Gatepost[Any], found: User[Any]) -> str:
        return f"{found.email or found.username}: {await change(gate.users, found)}"

    typer.echo(about(identifier, app, story))


def _row(user: User[Any]) -> tuple[str, ...]:
    made, state = f"{user.created_at:%Y-%m-%d}", "disabled" if user.is_disabled else ""
    return str(user.id), user.email or "-", user.username or "-", " ".join(sorted(user.roles)) or "-", made, state
