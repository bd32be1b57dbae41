"""`gatepost db`: the tables, and what to do after a restore.

Both start the database alone: the keys may not be there yet, and no mail of a restored outbox may be sent.
"""

from pathlib import Path
from typing import Annotated

import typer

from gatepost.core.sessions.everybody import sign_everybody_out
from gatepost.kernel.events import Listeners
from gatepost.server.backup import back_up
from gatepost.server.commands.options import AppOption
from gatepost.server.gates import find_gate, opened_database
from gatepost.server.outcome import execute
from gatepost.storage.migrate import migrate, require_current

commands = typer.Typer()


@commands.command()
def upgrade(app: AppOption = None) -> None:
    """Create the tables, or bring them to this version; doing it twice is no error."""

    async def story() -> None:
        async with opened_database(app) as database:
            await migrate(database)

    execute(story)
    typer.echo("the database is at this version")


@commands.command()
def restored(app: AppOption = None) -> None:
    """Sign everybody out after a restore: nothing that was issued before now is accepted any more."""

    async def story() -> str:
        async with opened_database(app) as database:
            await require_current(database)
            done = await sign_everybody_out(database, Listeners(), lambda _: None)
        return (
            f"{done.sessions} sessions ended, {done.mails} waiting mails dropped, everything issued before is refused"
        )

    typer.echo(execute(story))


@commands.command()
def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file that does not exist yet.")], app: AppOption = None
) -> None:
    """Copy a SQLite database while it is in use; the copy is checked, and its owner's alone."""

    async def story() -> int:
        return back_up(find_gate(app).settings.url_of_database, path)

    typer.echo(f"{execute(story)} bytes written to {path}")
