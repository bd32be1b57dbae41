"""What a request costs, counted: statements by their text, hashes, bytes of what is enqueued. No clock on the wall."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gatepost.core.audit import links
from gatepost.core.outbox import store as outbox
from gatepost.storage.statement import Statement
from gatepost.storage.unit_of_work import UnitOfWork
from tests.harness import Running, around

_OF_WORKERS = (outbox.any_due, links.any_queued)


class Work:
    """The work of one Gatepost since the last look; until `monkeypatch.undo()` no mail is sent."""

    def __init__(self, it: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self._done: list[str] = []
        hot, hasher, run = it.core.database.hot, it.core.passwords.hasher, UnitOfWork.run
        dialect = it.core.database.dialect_name

        def note(statement: Statement, values: Any) -> None:  # noqa: ANN401 - parameters
            if asyncio.current_task() in it.core.tasks:  # a worker that was in the middle of something goes on with it
                return
            sealed = (values or {}).get("sealed")
            self._done.append(statement.on(dialect).sql + (f" of {len(sealed)} bytes" if sealed else ""))

        async def watched(work: UnitOfWork, statement: Statement, **values: Any) -> Any:  # noqa: ANN401 - rows
            note(statement, values)
            return await run(work, statement, **values)

        async def hashed() -> None:
            self._done.append("hash")

        monkeypatch.setattr(UnitOfWork, "run", watched)
        monkeypatch.setattr(hasher, "hash", around(hasher.hash, before=hashed))
        monkeypatch.setattr(hasher, "verify", around(hasher.verify, before=hashed))
        self._watch_direct(hot, note, monkeypatch)

    def _watch_direct(self, hot: Any, note: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
        read, run = hot.read, hot.run

        async def reading(statement: Statement, values: Any = None) -> Any:  # noqa: ANN401 - rows
            if statement in _OF_WORKERS:  # they wait, or their work would be counted too
                return []
            note(statement, values)
            return await read(statement, values)

        async def running(*steps: Any) -> Any:  # noqa: ANN401 - rows
            for statement, values in steps:
                note(statement, values)
            return await run(*steps)

        monkeypatch.setattr(hot, "read", reading)
        monkeypatch.setattr(hot, "run", running)

    def of(self) -> list[str]:
        """Return what was done since the last call."""
        done, self._done = self._done, []
        return done
