"""What commands about people share: who is meant, and a password that is no argument.

Passwords come by prompt or standard input: an argument would stand in the shell's history and in the list of processes.
"""

import sys
import uuid
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from gatepost.core.users.domain import User
from gatepost.core.users.flow import Users
from gatepost.gate import Gatepost
from gatepost.kernel.text import normalize_identifier
from gatepost.server.gates import opened
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed, execute, fail

IdentifierArgument = Annotated[str, typer.Argument(metavar="USER", help="An e-mail address, a username or an id.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]
Story = Callable[[Gatepost[Any], User[Any]], Coroutine[Any, Any, str]]
_MAX_LINE = 10_000


def about(identifier: str, app: str | None, story: Story) -> str:
    """Find a user and return what a story says of them; ends the command where there is none."""

    async def whole() -> str:
        async with opened(app) as gate:
            found = await find(gate.users, identifier)
            if found is None:
                raise CommandFailed("there is no such user")
            return await story(gate, found)

    return execute(whole)


async def find(users: Users[Any], identifier: str) -> User[Any] | None:
    """Return the user of an id, an address or a username in any spelling."""
    try:
        found = await users.get(uuid.UUID(identifier))
    except ValueError:
        found = None
    return found or await users.find(normalize_identifier(identifier))


def password(*, from_stdin: bool) -> str:
    """Return what was typed twice, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.buffer.readline(_MAX_LINE).decode("utf-8", "surrogateescape").rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("there is no terminal to ask for the password: use --password-stdin", NOT_UNDERSTOOD)
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
