"""A trail to tamper with: a database, what seals it, and the hand of somebody who owns the database."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gatepost.core.audit import AuditEvent, audit_step
from gatepost.core.audit.chain import ChainKeys, Place
from gatepost.core.audit.kept import load_keys
from gatepost.core.audit.sealer import Follower, Sealer
from gatepost.core.audit.verifying import Report, verify
from gatepost.kernel.clock import Clock
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database
from gatepost.storage.migrate import migrate
from tests.harness import query

SECRET = b"the secret of a trail 0123456789 abcdefghij"
KEYS = PurposeKeys(SECRET)
_TABLES = ("gatepost_audit", "gatepost_audit_link", "gatepost_audit_mark", "gatepost_audit_queue")


class Trail:
    """One trail."""

    def __init__(self, database: Database, url: str, keys: PurposeKeys = KEYS) -> None:
        self.database = database
        self.url = url
        self.keys = keys

    def sealer(self, *followers: Follower) -> Sealer:
        return Sealer(self.database, self.keys, followers)

    async def write(self, count: int = 1, event: AuditEvent = AuditEvent.LOGIN_FAILED, **more: Any) -> None:  # noqa: ANN401
        for _ in range(count):
            await self.database.hot.run(
                audit_step(self.database.clock, event, **{"subject_id": uuid.uuid4(), "detail": {"n": 1}, **more})
            )

    async def seal(self, sealer: Sealer | None = None) -> int:
        """Seal everything; return how many rows."""
        found, total = sealer or self.sealer(), 0
        self.database.clock.advance(10)  # the lease of an earlier one is over
        while count := await found.seal_some():
            total += count
        return total

    async def sealed(self, count: int) -> None:
        await self.write(count)
        assert await self.seal() >= count

    async def chain_keys(self) -> ChainKeys:
        return await load_keys(self.database, self.keys)

    async def verify(self, expected: Place | None = None) -> Report:
        return await verify(self.database, await self.chain_keys(), expected=expected)

    async def faults(self, expected: Place | None = None) -> list[tuple[str, int | None]]:
        """Return what a verification finds, and where."""
        report = await self.verify(expected)
        return [(one.fault.value, one.position) for one in report.findings]

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner of the database; return the rows of the last."""
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            rows = query(self.url, statement)
        return rows

    def tamper(self, *statements: str) -> None:
        """Do what the triggers refuse, as an owner can."""
        if self.database.is_sqlite:
            found = self.sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'gatepost_audit%'"
            )
            off, on = [f"DROP TRIGGER {name}" for name, _ in found], [str(sql) for _, sql in found]
        else:
            off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in _TABLES]
            on = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in _TABLES]
        self.sql(*off, *statements, *on)

    def id_at(self, position: int) -> str:
        return str(self.sql(f"SELECT audit_id FROM gatepost_audit_link WHERE position = {position}")[0][0])

    def keep(self, table: str) -> Sequence[tuple[Any, ...]]:
        """Return a table's rows, to be put back later."""
        return self.sql(f"SELECT * FROM {table}")

    def count(self, table: str) -> int:
        return int(self.sql(f"SELECT count(*) FROM {table}")[0][0])


@asynccontextmanager
async def trail(url: str, clock: Clock | None = None, keys: PurposeKeys = KEYS) -> AsyncIterator[Trail]:
    """Start a database with current tables."""
    database = Database(url, clock or Clock())
    await database.start()
    try:
        await migrate(database)
        yield Trail(database, url, keys)
    finally:
        await database.stop()
