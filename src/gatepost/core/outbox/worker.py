"""Sends what is due: leases a job, looks its user up, renders, hands it to the mailer, and removes the row.

A crash between sending and removing sends again, with the same Message-ID.
"""

import asyncio
import logging
import uuid
from typing import Any

from gatepost.core.outbox.domain import Job, Mail, Mailer, MailKind, back_off_ms
from gatepost.core.outbox.store import any_due, context, lease, postpone, remove
from gatepost.core.users.flow import Users
from gatepost.crypto.sealed import SealBroken, unseal
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database

_LEASE_MS = 60_000
_SEND_TIMEOUT_S = 30
_POLL_S = 1.0
_log = logging.getLogger("gatepost.outbox")

_WORDS = {
    MailKind.SESSION_REUSED: (
        "One of your sessions was ended",
        """\
A key to one of your sessions was used twice, which can mean that somebody copied it.
We ended that session. If you see others that you do not know, end them and change your password:
{url}
""",
    ),
    MailKind.PASSWORD_CHANGED: (
        "Your password was changed",
        """\
The password of your account was changed, and every session was ended.
If that was not you, contact the operator of {url} at once.
""",
    ),
}


class OutboxWorker:
    """One worker of one process; several may run at once."""

    def __init__(
        self, database: Database, keys: PurposeKeys, users: Users[Any], mailer: Mailer, public_url: str
    ) -> None:
        self._database = database
        self._keys = keys
        self._users = users
        self._mailer = mailer
        self._public_url = public_url

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
        if not await self._database.hot.read(any_due):
            return False
        rows = (await self._database.hot.run((lease, {"lease_ms": _LEASE_MS})))[0]
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
        user = await self._users.get(job.user_id)
        if user is None or user.email is None:
            return None
        subject, body = _WORDS[job.kind]
        host = self._public_url.split("//", 1)[-1].split("/", 1)[0].split(":", 1)[0]
        return Mail(f"<{job_id}@{host}>", user.email, subject, body.format(url=self._public_url))
