"""`gatepost migrate`: from another library, in place."""

from typing import Annotated

import typer

from gatepost.core.imports import Importer
from gatepost.server.commands.options import AppOption
from gatepost.server.gates import find_gate, opened_database
from gatepost.server.importing.fastapi_users import SOURCE, migrate_users
from gatepost.server.importing.sources import engine_of
from gatepost.server.outcome import execute
from gatepost.storage.migrate import migrate, require_current

commands = typer.Typer()


@commands.callback()
def about() -> None:
    """From another library, in place."""


@commands.command("fastapi-users")
def fastapi_users(
    app: AppOption = None,
    *,
    url: Annotated[
        str | None, typer.Option(help="The database of fastapi-users, where it is not the one of Gatepost.")
    ] = None,
    user_table: Annotated[str, typer.Option(help="The table of users.")] = "user",
    oauth_table: Annotated[str, typer.Option(help="The table of OAuth accounts, if there is one.")] = "oauth_account",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge everything, write nothing.")] = False,
) -> None:
    """Take over users, hashes and OAuth accounts of fastapi-users; ids that are UUIDs stay as they are."""

    async def story() -> list[str]:
        gate = find_gate(app)
        async with opened_database(app) as database:
            await (require_current(database) if gate.settings.is_production else migrate(database))
            importer = Importer(database, SOURCE, admin_role=gate.settings.admin_role, keeps_ids=True)
            report, identities = await migrate_users(
                engine_of(url or gate.settings.url_of_database),
                importer,
                user_table=user_table,
                oauth_table=oauth_table,
                is_rehearsal=dry_run,
            )
        return [*report.lines, f"{identities} identities at providers"]

    typer.echo("\n".join(execute(story)))
