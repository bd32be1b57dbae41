"""A database of fastapi-users (SQLAlchemy's adapter): its users, hashes and OAuth accounts.

Its UUIDs stay the users' ids here, so that what refers to them need not be moved; integers are remembered and can be.
Tokens of providers are not taken over: they are in clear there. Its tables are read and left as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Engine, MetaData, Table, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from gatepost.core.imports import Identity, Importer
from gatepost.server.importing.sources import Record, explained
from gatepost.server.importing.story import Report, import_users
from gatepost.server.outcome import CommandFailed

SOURCE = "fastapi-users"
_COLUMNS = {"id", "email", "hashed_password", "is_active", "is_superuser", "is_verified"}
_MAPPING = {
    "id": "id",
    "email": "email",
    "password_hash": "hashed_password",
    "disabled": "is_active",
    "admin": "is_superuser",
    "email_verified": "is_verified",
}
_CHUNK = 500
# What fastapi-users calls the providers whose ids of accounts are the subjects that they sign. Others keep its own
# name, which is no issuer: nobody signs in with them.
_ISSUERS = {
    "google": "https://accounts.google.com",
    "github": "https://github.com",
    "discord": "https://discord.com",
}
_PEOPLE_API = "people/"  # before the subject, in Google's other interface


@dataclass(frozen=True, slots=True)
class _Users:
    """The table of users as a source."""

    engine: Engine
    table: Table

    def columns(self) -> list[str]:
        return list(self.table.c.keys())

    def records(self) -> Iterator[Record]:
        with self.engine.connect() as connection:
            for row in connection.execution_options(yield_per=_CHUNK).execute(select(self.table)).mappings():
                yield dict(row)


async def migrate_users(
    engine: Engine, importer: Importer, *, user_table: str, oauth_table: str, is_rehearsal: bool
) -> tuple[Report, int]:
    """Import every user and who they are at providers; return the report, and how many identities were new.

    Raises:
        CommandFailed: there is no such table, or it is not one of fastapi-users.
    """
    try:
        names = set(inspect(engine).get_table_names())
        if user_table not in names:
            raise CommandFailed(f"there is no table {user_table}: say --user-table")
        table = Table(user_table, MetaData(), autoload_with=engine, resolve_fks=False)
    except SQLAlchemyError as error:
        raise explained(error) from None
    if missing := sorted(_COLUMNS - set(table.c.keys())):
        raise CommandFailed(f"{user_table} is no table of fastapi-users: it has no {', '.join(missing)}")
    source = _Users(engine, table)
    report = await import_users(source, importer, mapping=_MAPPING, skips_invalid=False, is_rehearsal=is_rehearsal)
    if is_rehearsal or oauth_table not in names:
        return report, 0
    return report, await _identities(engine, oauth_table, importer)


async def _identities(engine: Engine, name: str, importer: Importer) -> int:
    table = Table(name, MetaData(), autoload_with=engine, resolve_fks=False)
    columns = select(table.c.user_id, table.c.oauth_name, table.c.account_id, table.c.account_email)
    with engine.connect() as connection:
        found = [
            Identity(str(user_id), _ISSUERS.get(provider, provider), subject.removeprefix(_PEOPLE_API), email)
            for user_id, provider, subject, email in connection.execute(columns)
        ]
    count = 0
    for start in range(0, len(found), _CHUNK):
        count += await importer.write_identities(found[start : start + _CHUNK])
    return count
