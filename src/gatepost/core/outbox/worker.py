"""Sends what is due: leases a job, has it composed, hands it to the mailer, and removes the row.

A crash between sending and removing sends again, with the same Message-ID.
"""

import asyncio
import logging
import uuid

from gatepost.core.outbox.desk import MailDesk
from gatepost.core.outbox.domain import Job, Mail, Mailer, back_off_ms
from gatepost.core.outbox.store import MAIL, any_due, context, lease, postpone, remove
from gatepost.crypto.sealed import SealBroken, unseal
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database

_LEASE_MS = 60_000
_SEND_TIMEOUT_S = 30
_POLL_S = 1.0
_log = logging.getLogger("gatepost.outbox")


class OutboxWorker:
    """One worker of one process; several may run at once."""

    def __init__(self, database: Database, keys: PurposeKeys, desk: MailDesk, mailer: Mailer) -> None:
        self._database = database
        self._keys = keys
        self._desk = desk
        self._mailer = mailer

    async def run(self) -> None:
        """Send for ever, until cancelled."""
        while True:
            try:
                while await self.send_one():
                    pass
            except Unavailable:
                _log.warning("the outbox cannot be read")
            except Exception:  # noqa: BLE001 - a worker that ended would send nothing any more
                _log.exception("the outbox failed and will be tried again")
            await asyncio.sleep(_POLL_S)

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
        except Exception:  # noqa: BLE001 - whatever a mailer raises, the mail is kept and tried again
            _log.exception("mail %s was not sent (attempt %d)", job_id, attempts)
            wait_ms = back_off_ms(attempts)
            if wait_ms is not None:
                await self._database.hot.run((postpone, {"job_id": job_id, "wait_ms": wait_ms}))
                return True
        await self._database.hot.run((remove, {"job_id": job_id}))
        return True

    async def _render(self, job_id: uuid.UUID, sealed: bytes) -> Mail | None:
        try:
            job = Job.unpacked(unseal(self._keys, sealed, context=context(job_id)))
        except SealBroken:
            _log.error("mail %s cannot be opened with GATEPOST_SECRET and is dropped", job_id)
            return None
        return await self._desk.compose(job_id, job)
