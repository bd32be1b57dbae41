"""More of `gatepost users`: administrators, invitations, one user in whole, and their end."""

import uuid
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from gatepost.core.audit import AuditEvent, audit_step
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.users.administrators import AdminPolicy, claim_first_administrator
from gatepost.core.users.domain import User
from gatepost.core.users.search import standing_of
from gatepost.features.admin.invitations import invite_again, send_invitation
from gatepost.features.admin.passwords import require_change
from gatepost.gate import Gatepost
from gatepost.kernel.text import normalize_email
from gatepost.server.commands.options import AppOption, columns
from gatepost.server.commands.person import IdentifierArgument, PasswordStdin, about, password
from gatepost.server.gates import opened
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed, execute, fail
from gatepost.storage.unit_of_work import UnitOfWork

_Email = Annotated[str | None, typer.Option(help="The e-mail address.")]
_FullName = Annotated[str | None, typer.Option(help="The name to show.")]


def create_admin(
    app: AppOption = None,
    *,
    email: _Email = None,
    username: Annotated[str | None, typer.Option(help="The username; one of the two is needed.")] = None,
    full_name: _FullName = None,
    invite: Annotated[
        bool, typer.Option("--invite", help="Mail an invitation instead of asking for a password.")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Make an administrator and print the id; the set-up by a link is over with it."""
    if email is None and (username is None or invite):
        fail("give --email" if invite else "give --email or --username", NOT_UNDERSTOOD)
    secret = None if invite else password(from_stdin=password_stdin)

    async def story() -> uuid.UUID:
        async with opened(app) as gate:
            registration, role = gate.registration, gate.policy(AdminPolicy).role
            if secret is None:
                user = await registration.invite(
                    email=str(email),
                    username=username,
                    full_name=full_name,
                    roles=[role],
                    within=partial(_claim, gate, True),
                )
            else:
                new = await registration.prepared(
                    password=secret,
                    email=email,
                    username=username,
                    full_name=full_name,
                    email_verified=email is not None,
                    roles=[role],
                )
                user = await gate.users.create(new, within=partial(_claim, gate, False))
        return _id_of(user)

    typer.echo(execute(story))


def invite(
    email: Annotated[str, typer.Argument(help="The e-mail address.")],
    app: AppOption = None,
    *,
    username: Annotated[str | None, typer.Option(help="The username of a new user.")] = None,
    full_name: _FullName = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be given several times.")] = None,
) -> None:
    """Make a user without a password, whom the server mails a link to choose one; again, a new link."""

    async def story() -> uuid.UUID:
        async with opened(app) as gate:
            found = await gate.users.find(normalize_email(email))
            if found is not None:
                await invite_again(gate.core, found.id, NOWHERE)
                return found.id
            user = await gate.registration.invite(
                email=email,
                username=username,
                full_name=full_name,
                roles=role or (),
                within=partial(send_invitation, gate.core, NOWHERE),
            )
        return _id_of(user)

    typer.echo(execute(story))


def show(user: IdentifierArgument, app: AppOption = None) -> None:
    """Show one user, with the open sessions and the last sign-in."""

    async def story(gate: Gatepost[Any], found: User[Any]) -> str:
        standing = await standing_of(gate.core.database, found.id)
        last = standing.last_sign_in
        lines = {
            "id": str(found.id),
            "e-mail": f"{found.email or '-'}{' (verified)' if found.email_verified else ''}",
            "username": found.username or "-",
            "name": found.full_name or "-",
            "roles": " ".join(sorted(found.roles)) or "-",
            "made": f"{found.created_at:%Y-%m-%d %H:%M}",
            "state": "disabled" if found.is_disabled else "enabled",
            "password": "has to be changed"
            if standing.must_change_password
            else "yes"
            if standing.has_password
            else "no",
            "sessions": str(standing.sessions),
            "last sign-in": "-" if last is None else f"{datetime.fromtimestamp(last / 1000, UTC):%Y-%m-%d %H:%M}",
        }
        return columns(list(lines.items()))

    typer.echo(about(user, app, story))


def sign_out(user: IdentifierArgument, app: AppOption = None) -> None:
    """End every session of a user."""

    async def story(gate: Gatepost[Any], found: User[Any]) -> str:
        await gate.users.sign_out_everywhere(found.id)
        return f"{found.email or found.username}: every session ended"

    typer.echo(about(user, app, story))


def require_password_change(user: IdentifierArgument, app: AppOption = None) -> None:
    """Let a password open nothing until it is changed; end every session, and tell the user."""

    async def story(gate: Gatepost[Any], found: User[Any]) -> str:
        is_new = await require_change(gate, found.id)
        words = "has to change the password, every session ended" if is_new else "had to change the password before"
        return f"{found.email or found.username}: {words}"

    typer.echo(about(user, app, story))


def delete(
    user: IdentifierArgument,
    app: AppOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a user and everything of theirs."""
    if not yes:
        typer.confirm(f"Delete {user} and everything of theirs?", abort=True)

    async def story(gate: Gatepost[Any], found: User[Any]) -> str:
        await gate.users.delete(found.id)
        return f"{found.email or found.username}: deleted"

    typer.echo(about(user, app, story))


async def _claim(gate: Gatepost[Any], is_invited: bool, work: UnitOfWork, user_id: uuid.UUID) -> None:  # noqa: FBT001
    """Close the set-up, and send what goes with it, in the transaction that makes the administrator."""
    if await claim_first_administrator(work):
        await work.steps(audit_step(gate.clock, AuditEvent.FIRST_ADMIN_MADE, subject_id=user_id))
    if is_invited:
        await send_invitation(gate.core, NOWHERE, work, user_id)


def _id_of(user: User[Any] | None) -> uuid.UUID:
    if user is None:
        raise CommandFailed("the e-mail address or the username is taken")
    return user.id
