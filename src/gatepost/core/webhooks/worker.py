"""From sealed audit rows to messages, and from messages to endpoints.

Messages are written in the transaction that seals their row, so that each event is enqueued once, and delivered after
it at least once: a crash between an answer and the removal of the row sends again, with the same `webhook-id`.
"""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, String, Uuid, bindparam, select, update

from gatepost.core.audit import AuditEvent, audit_step
from gatepost.core.audit.reading import AuditRow
from gatepost.core.outbox.domain import back_off_ms
from gatepost.core.outbox.store import any_due, context, give_up, insert_job, lease, postpone, remove
from gatepost.core.webhooks.domain import (
    GONE,
    Endpoint,
    Message,
    NotDelivered,
    WebhookPolicy,
    headers,
    message_id,
    payload,
)
from gatepost.crypto.sealed import SealBroken, seal, unseal
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.ids import uuid7
from gatepost.kernel.logs import log_event
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database
from gatepost.storage.schema import meta, outbox
from gatepost.storage.statement import Statement, Step, store_now_ms

if TYPE_CHECKING:
    from gatepost.core.webhooks.delivery import Delivery

WEBHOOK = "webhook"
WORKERS = 4
_LEASE_MS = 60_000
_POLL_S = 1.0
# Of one endpoint after a failure, so that one that is down does not hold up the others. It doubles while that goes on:
# every message of it that is due is looked at once a pause.
_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 600.0
_TAKEN = range(200, 300)

_log = logging.getLogger("gatepost.webhooks")

_stop = Statement(
    lambda dialect_insert: (
        dialect_insert(meta)
        .values(name=bindparam("which", type_=String), value=store_now_ms())
        .on_conflict_do_nothing()
        .returning(meta.c.name)
    )
)
_is_stopped = Statement(select(meta.c.value).where(meta.c.name == bindparam("which", type_=String)))
_put_back = Statement(  # an attempt that was none
    update(outbox)
    .where(outbox.c.id == bindparam("job_id", type_=Uuid))
    .values(
        due_at=store_now_ms() + bindparam("wait_ms", type_=BigInteger), leased_until=0, attempts=outbox.c.attempts - 1
    )
)


class Webhooks:
    """Tells endpoints what happened.

    Args:
        database: started, with current tables.
        keys: to seal what waits.
        policy: who is told.
    """

    def __init__(self, database: Database, keys: PurposeKeys, policy: WebhookPolicy) -> None:
        self.policy = policy
        self._database = database
        self._keys = keys
        self._endpoints = {endpoint.name: endpoint for endpoint in policy.endpoints}
        self._paused: dict[str, tuple[float, float]] = {}  # until when, and for how long

    def follow(self, rows: Sequence[AuditRow]) -> list[Step]:
        """Return the statements that enqueue what endpoints want to know of sealed rows."""
        return [
            self._enqueue(Message(name, payload(row)))
            for row in rows
            for name, endpoint in self._endpoints.items()
            if endpoint.wants(row.event)
        ]

    def _enqueue(self, message: Message) -> Step:
        job_id = uuid7(self._database.clock.now_ms())
        sealed = seal(self._keys, message.packed(), context=context(job_id))
        return insert_job, {"job_id": job_id, "channel": WEBHOOK, "sealed": sealed}

    async def run(self) -> None:
        """Deliver for ever, until cancelled."""
        from gatepost.core.webhooks.delivery import Delivery  # noqa: PLC0415 - an HTTP client, for who has endpoints

        delivery = Delivery(self.policy)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(WORKERS):
                    group.create_task(self._work(delivery))
        finally:
            await delivery.close()

    async def _work(self, delivery: "Delivery") -> None:
        while True:
            try:
                while await self.deliver_one(delivery):
                    pass
            except Unavailable:
                _log.warning("the outbox cannot be read")
            except Exception:  # noqa: BLE001 - a worker that ended would tell nobody any more
                _log.exception("webhooks failed and will be tried again")
            await asyncio.sleep(_POLL_S)

    async def deliver_one(self, delivery: "Delivery") -> bool:
        """Deliver one message that is due; return whether there was one."""
        hot = self._database.hot
        if not await hot.read(any_due, {"channel": WEBHOOK}):
            return False
        rows = (await hot.run((lease, {"lease_ms": _LEASE_MS, "channel": WEBHOOK})))[0]
        if not rows:
            return False
        job_id, sealed, attempts = rows[0]
        message = self._opened(job_id, bytes(sealed))
        endpoint = self._endpoints.get(message.endpoint) if message is not None else None
        if message is None or endpoint is None or await hot.read(_is_stopped, {"which": _stopped(endpoint)}):
            await hot.run((remove, {"job_id": job_id}))  # who is not configured any more is not told any more
            return True
        pause_s = self._paused.get(endpoint.name, (0.0, 0.0))[0] - self._database.clock.boottime()
        if pause_s > 0:
            await hot.run((_put_back, {"job_id": job_id, "wait_ms": round(pause_s * 1000) + 1}))
            return True
        await self._deliver(delivery, endpoint, message, job_id, attempts)
        return True

    async def _deliver(
        self, delivery: "Delivery", endpoint: Endpoint, message: Message, job_id: uuid.UUID, attempts: int
    ) -> None:
        identifier, now = message_id(job_id), int(self._database.clock.now())
        try:
            proof = headers(endpoint, identifier, now, message.body)
            status = await delivery.post(endpoint.url, message.body, proof)
            reason = None if status in _TAKEN else f"status {status}"
        except NotDelivered as error:
            status, reason = 0, str(error)
        if reason is None:
            self._paused.pop(endpoint.name, None)
            await self._database.hot.run((remove, {"job_id": job_id}))
        elif status == GONE:
            await self._stop(endpoint, job_id)
        else:
            self._pause(endpoint)
            await self._put_off(endpoint, job_id, attempts, reason)

    def _pause(self, endpoint: Endpoint) -> None:
        now = self._database.clock.boottime()
        until, length = self._paused.get(endpoint.name, (0.0, 0.0))
        if now >= until:  # those that failed together are one failure
            length = min(max(2 * length, _PAUSE_S), _LONGEST_PAUSE_S)
            self._paused[endpoint.name] = (now + length, length)

    async def _put_off(self, endpoint: Endpoint, job_id: uuid.UUID, attempts: int, reason: str) -> None:
        told = {"endpoint": endpoint.name, "webhook_id": message_id(job_id), "attempts": attempts, "reason": reason}
        wait_ms = back_off_ms(attempts)
        if wait_ms is not None:
            log_event(_log, logging.WARNING, "webhook.delayed", **told)
            await self._database.hot.run((postpone, {"job_id": job_id, "wait_ms": wait_ms}))
            return
        log_event(_log, logging.ERROR, "webhook.failed", **told)
        await self._database.hot.run(
            (remove, {"job_id": job_id}),
            audit_step(self._database.clock, AuditEvent.WEBHOOK_FAILED, detail=told),
        )

    async def _stop(self, endpoint: Endpoint, job_id: uuid.UUID) -> None:
        """Tell an endpoint nothing more: it said that it is gone (Standard Webhooks, 410)."""
        log_event(_log, logging.ERROR, "webhook.stopped", endpoint=endpoint.name)
        hot = self._database.hot
        await hot.run((remove, {"job_id": job_id}))
        await hot.run(
            (_stop, {"which": _stopped(endpoint)}),
            audit_step(self._database.clock, AuditEvent.WEBHOOK_STOPPED, detail={"endpoint": endpoint.name}),
        )

    async def prune(self) -> int:
        """Give up what has waited for days, at an endpoint that is down or told nothing any more; return how many."""
        told = {"reason": "waited for days"}
        record = audit_step(self._database.clock, AuditEvent.WEBHOOK_FAILED, detail=told)
        count = len((await self._database.hot.run((give_up, {"channel": WEBHOOK}), record))[0])
        if count:
            log_event(_log, logging.ERROR, "webhook.failed", count=count, **told)
        return count

    def _opened(self, job_id: uuid.UUID, sealed: bytes) -> Message | None:
        try:
            return Message.unpacked(unseal(self._keys, sealed, context=context(job_id)))
        except SealBroken:
            log_event(_log, logging.ERROR, "webhook.unreadable", webhook_id=message_id(job_id))
            return None


def _stopped(endpoint: Endpoint) -> str:
    return f"webhook-gone:{endpoint.name}"
