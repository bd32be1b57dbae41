"""What the database says: reachable, of this version, durable, in step with the clock, with keys that are young.

Nothing is written, and nothing is made: not the tables, not a key, not the file of a database that is not there.
"""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import BigInteger, String, bindparam, func, select, text

from gatepost.core.keys.store import read_keys
from gatepost.crypto.sealed import is_current as is_sealed_now
from gatepost.kernel.errors import ConfigurationError, Unavailable
from gatepost.server.doctor import rules
from gatepost.server.doctor.rules import Finding
from gatepost.server.times import distance
from gatepost.settings import Settings
from gatepost.storage.database import Database
from gatepost.storage.migrate import require_current
from gatepost.storage.schema import outbox, user, user_role
from gatepost.storage.statement import Statement, store_now_ms

_HOUR_MS = 3_600_000
_LATE_ROTATION = 1.25
_now = Statement(select(store_now_ms()))
_late_mails = Statement(
    select(func.count()).select_from(outbox).where(outbox.c.created_at < store_now_ms() - bindparam("age_ms", _HOUR_MS))
)
_administrators = Statement(
    select(func.count(type_=BigInteger))
    .select_from(user.join(user_role, user_role.c.user_id == user.c.id))
    .where(user_role.c.role == bindparam("role", type_=String), user.c.disabled_at.is_(None))
)


async def examine(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    """Yield what the database gets wrong; it is not started yet."""
    if database.is_sqlite and not Path(database.path).exists():  # noqa: ASYNC240 - a command with nothing else to do
        yield Finding(rules.TABLES, f"there is no database at {Path(database.path).name}", "run `gatepost db upgrade`")
        return
    try:
        await database.start()
        await require_current(database)
    except Unavailable as error:
        yield Finding(
            rules.DATABASE, error.detail or error.text, "see that it runs, and that GATEPOST_DATABASE_URL is right"
        )
        return
    except ConfigurationError as error:
        yield Finding(rules.TABLES, str(error), "run `gatepost db upgrade`")
        return
    async for finding in _of_file(database) if database.is_sqlite else _of_server(database):
        yield finding
    async for finding in _of_clock(settings, database):
        yield finding
    async for finding in _of_keys(settings, database):
        yield finding
    async for finding in _of_rows(settings, database):
        yield finding


async def _of_file(database: Database) -> AsyncIterator[Finding]:
    for path in (Path(database.path), Path(f"{database.path}-wal")):
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(
                rules.DATABASE_FILE,
                f"{path.name} can be read by others on this machine",
                f"chmod 600 {path.name}, or keep its folder for the service alone",
            )
            return


async def _of_server(database: Database) -> AsyncIterator[Finding]:
    async with database.engine.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            if (await connection.scalar(text(f"SHOW {name}"))) == "off":
                yield Finding(
                    rules.DURABILITY,
                    f"PostgreSQL runs with {name} = off: a crash forgets what was revoked",
                    f"set {name} = on",
                )
        host = database.url.host or ""
        is_near = host == "" or host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"}
        query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        if not is_near and not await connection.scalar(text(query)):
            yield Finding(
                rules.DATABASE_TLS,
                f"the connection to {host} is not encrypted",
                "add ?sslmode=verify-full to GATEPOST_DATABASE_URL",
            )


async def _of_clock(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    before = database.clock.now_ms()
    theirs = (await database.hot.read(_now))[0][0]
    after = database.clock.now_ms()
    ahead_ms = before - theirs if theirs < before else max(0, theirs - after)
    if ahead_ms > max(1, settings.leeway) * 1000:
        yield Finding(
            rules.CLOCK,
            f"this machine's clock and the database's differ by {distance(ahead_ms / 1000).removeprefix('in ')}",
            "let both follow a time server",
        )


async def _of_keys(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    found = [(row, sealed) for row, sealed in await read_keys(database) if row.removed_at is None]
    if not found:
        return  # the first start makes one
    newest = max((row for row, _ in found), key=lambda row: row.created_at)
    age_s = (database.clock.now_ms() - newest.created_at) / 1000
    if age_s > settings.key_rotation * _LATE_ROTATION:
        yield Finding(
            rules.KEY_AGE,
            f"the newest signing key is {distance(-age_s).removesuffix(' ago')} old: no running process replaces it",
            "run `gatepost keys rotate`, and see that a server runs",
        )
    if any(not is_sealed_now(settings.purpose_keys(), sealed) for _, sealed in found):
        yield Finding(
            rules.SEALS, "signing keys are sealed under an older GATEPOST_SECRET", "run `gatepost secret rotate`"
        )


async def _of_rows(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    late = (await database.hot.read(_late_mails, {"age_ms": _HOUR_MS}))[0][0]
    if late:
        yield Finding(
            rules.OUTBOX, f"{late} mails wait for more than an hour", "see the log of the server for what refuses them"
        )
    role = settings.admin_role
    if not (await database.hot.read(_administrators, {"role": role}))[0][0]:
        yield Finding(rules.ADMINISTRATOR, f"nobody has the role {role}", f"run `gatepost users set-role USER {role}`")
