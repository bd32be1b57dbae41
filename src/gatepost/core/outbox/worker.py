"""Sends what is due: leases a job, has it composed, hands it to the mailer, and removes the row.

A crash between sending and removing sends again, with the same Message-ID.
"""

import asyncio
import contextlib
import logging
import traceback
import uuid
from pathlib import Path
from typing import Any

from gatepost.core.outbox.desk import MailDesk
from gatepost.core.outbox.domain import Job, Mail, Mailer, Undeliverable, back_off_ms
from gatepost.core.outbox.store import MAIL, any_due, context, give_up, insert_job, lease, postpone, remove
from gatepost.crypto.sealed import SealBroken, unseal
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database

_LEASE_MS = 60_000
_SEND_TIMEOUT_S = 30
_POLL_S = 1.0
_log = logging.getLogger("gatepost.outbox")


async def prune_mails(database: Database) -> int:
    """Give up what has waited for longer than any mail is tried; return how many mails."""
    rows: list[Any] = (await database.hot.run((give_up, {"channel": MAIL})))[0]
    if rows:
        _log.error("%d mails are given up: they have waited for days", len(rows))
    return len(rows)


class OutboxWorker:
    """One worker of one process; several may run at once."""

    def __init__(self, database: Database, keys: PurposeKeys, desk: MailDesk, mailer: Mailer) -> None:
        self._database = database
        self._keys = keys
        self._desk = desk
        self._mailer = mailer

    async def run(self) -> None:
        """Send for ever, until cancelled. A job of this process is sent at once, one of another at the next look."""
        woken = asyncio.Event()
        self._database.watchers.on(insert_job, lambda _: woken.set())
        while True:
            woken.clear()
            try:
                while await self.send_one():
                    pass
            except Unavailable:
                _log.warning("the outbox cannot be read")
            except Exception:  # noqa: BLE001 - a worker that ended would send nothing any more
                _log.exception("the outbox failed and will be tried again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), _POLL_S)

    async def send_one(self) -> bool:
        """Send one mail that is due; return whether there was one."""
        if not await self._database.hot.read(any_due, {"channel": MAIL}):
            return False
        rows = (await self._database.hot.run((lease, {"lease_ms": _LEASE_MS, "channel": MAIL})))[0]
        if not rows:
            return False
        job_id, sealed, attempts = rows[0]
        try:
            mail = await self._render(job_id, bytes(sealed))
            if mail is not None:
                async with asyncio.timeout(_SEND_TIMEOUT_S):
                    await self._mailer.send(mail)
        except Undeliverable as error:
            _log.error("mail %s is dropped: %s", job_id, error)
        except Exception as error:  # noqa: BLE001 - whatever a mailer raises, the mail is kept and tried again
            wait_ms = back_off_ms(attempts)
            if wait_ms is not None:
                _log.warning("mail %s was not sent (attempt %d): %s", job_id, attempts, _told(error))
                await self._database.hot.run((postpone, {"job_id": job_id, "wait_ms": wait_ms}))
                return True
            _log.error("mail %s is given up after %d attempts: %s", job_id, attempts, _told(error))
        await self._database.hot.run((remove, {"job_id": job_id}))
        return True

    async def _render(self, job_id: uuid.UUID, sealed: bytes) -> Mail | None:
        try:
            job = Job.unpacked(unseal(self._keys, sealed, context=context(job_id)))
        except SealBroken:
            _log.error("mail %s cannot be opened with GATEPOST_SECRET and is dropped", job_id)
            return None
        return await self._desk.compose(job_id, job)


def _told(error: Exception) -> str:
    """Return what may stand in a log: what a server answers, and what an exception says, often repeats the address."""
    code = getattr(error, "code", None)
    what = f" {code}" if isinstance(code, int) else f" {error.strerror}" if isinstance(error, OSError) else ""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__}{what} ({Path(frames[-1].filename).name}:{frames[-1].lineno})"
