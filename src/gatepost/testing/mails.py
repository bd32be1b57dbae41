"""What an isolated Gatepost has mailed."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, overload

import anyio
from sqlalchemy import select

from gatepost.core.outbox import Mail
from gatepost.core.outbox.worker import OutboxWorker
from gatepost.storage.schema import outbox
from gatepost.storage.statement import Statement
from gatepost.testing.clients import AsyncClient, run_for

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from gatepost.gate import Gatepost

_LEASED_BY_ANOTHER_S = 0.005
_any_left = Statement(select(outbox.c.id).limit(1))


class Recorder:
    """A mailer that keeps."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Keep one mail."""
        self.mails.append(mail)


@overload
def mailbox(client: "TestClient", gate: "Gatepost[Any]") -> list[Mail]: ...


@overload
def mailbox(client: AsyncClient, gate: "Gatepost[Any]") -> Awaitable[list[Mail]]: ...


def mailbox(client: "TestClient | AsyncClient", gate: "Gatepost[Any]") -> list[Mail] | Awaitable[list[Mail]]:
    """Return every mail so far, oldest first, once those that are due have been sent.

    Raises:
        RuntimeError: the gate is not isolated.
    """
    recorder = gate.mailer
    if not isinstance(recorder, Recorder):
        msg = "mailbox(client, gate) needs `with isolated(gate)` around it"
        raise RuntimeError(msg)  # noqa: TRY004 - the type is our own affair, not the caller's
    return run_for(client, lambda: _delivered(gate, recorder))


async def _delivered(gate: "Gatepost[Any]", recorder: Recorder) -> list[Mail]:
    core = gate.core
    worker = OutboxWorker(core.database, core.keys, core.desk, recorder)
    while await core.database.hot.read(_any_left):
        if not await worker.send_one():
            await anyio.sleep(_LEASED_BY_ANOTHER_S)
    return list(recorder.mails)
