"""Retention: the oldest links and their rows go, and a signed mark stays where the chain begins from then on.

Counted from when a row was sealed, so that a row with a false date neither goes early nor holds back the others. What
is about to go is verified first: pruning never destroys what `verify` would have found.
"""

import logging
from dataclasses import dataclass

from gatepost.core.audit import links
from gatepost.core.audit.chain import HEAD, ORIGIN, PRUNED, ChainKeys, Link, Mark, Place, UnknownKey
from gatepost.core.audit.domain import AuditEvent
from gatepost.core.audit.kept import load_keys
from gatepost.core.audit.store import audit_step
from gatepost.core.audit.verifying import read_marks
from gatepost.kernel.logs import log_event
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database

_BATCH = 500
_BATCHES = 20  # of one round of maintenance
_DAY_MS = 86_400_000
_LINK_COLUMNS = 5
_log = logging.getLogger("gatepost.audit")


@dataclass(frozen=True, slots=True)
class AuditPolicy:
    """How long the trail is kept.

    Attributes:
        retention_ms: a row stays at least so long and goes within a day after (a tenth of it, where that is less);
            None keeps everything.
    """

    retention_ms: int | None = None


class PruningRefused(RuntimeError):
    """What is old does not verify; `gatepost audit verify` says why, and nothing is deleted."""


async def prune(database: Database, purpose_keys: PurposeKeys, policy: AuditPolicy) -> int:
    """Take away what is too old, as far as one round goes; return how many rows went. For maintenance."""
    if policy.retention_ms is None:
        return 0
    slack = min(_DAY_MS, policy.retention_ms // 10)
    oldest = await database.hot.read(links.oldest)
    if not oldest or oldest[0][0] >= oldest[0][1] - policy.retention_ms - slack:
        return 0
    try:
        return await prune_older(database, purpose_keys, policy.retention_ms, batches=_BATCHES)
    except (PruningRefused, UnknownKey) as error:
        log_event(_log, logging.ERROR, "audit.prune_refused", reason=str(error))
        return 0


async def prune_older(database: Database, purpose_keys: PurposeKeys, age_ms: int, *, batches: int | None = None) -> int:
    """Take away every row that was sealed longer ago than an age; return how many went.

    Raises:
        PruningRefused: it does not verify.
        UnknownKey: it was sealed under a secret that is not known here.
    """
    keys = await load_keys(database, purpose_keys)
    total = done = 0
    while batches is None or done < batches:
        count = await _prune_batch(database, keys, age_ms)
        if not count:
            break
        total, done = total + count, done + 1
    return total


async def _prune_batch(database: Database, keys: ChainKeys, age_ms: int) -> int:
    hot = database.hot
    marks = await read_marks(database)
    if any(not keys.is_mark(mark) for mark in marks.values()):
        raise PruningRefused("a mark of the chain was not signed here")
    now = (await hot.read(links.now))[0][0]
    old = marks.get(PRUNED)
    if old is None:
        old = keys.mark(PRUNED, ORIGIN, now)
        await hot.run(links.start_step(old))
        return await _prune_batch(database, keys, age_ms)
    head = marks[HEAD].place if HEAD in marks else ORIGIN
    place = await _verified_until(database, keys, old.place, head, now - age_ms)
    count = place.position - old.place.position
    return count if count and await _remove(database, keys, old, place, now) else 0


async def _verified_until(database: Database, keys: ChainKeys, begin: Place, head: Place, before_ms: int) -> Place:
    """Return the last place that was sealed before a moment, everything up to it verified."""
    values = {"after": begin.position, "through": head.position, "size": _BATCH}
    place = begin
    for row in await database.hot.read(links.linked, values):
        link = Link(row[0], row[1], row[2], bytes(row[3]))
        if link.sealed_at >= before_ms:
            break
        if not keys.is_link(link, place, row[_LINK_COLUMNS:]):
            raise PruningRefused(f"the row at position {place.position + 1} does not verify")
        place = link.place
    return place


async def _remove(database: Database, keys: ChainKeys, old: Mark, place: Place, now: int) -> bool:
    """Move the mark and delete what is before it, in one transaction; return whether this call won."""
    count = place.position - old.place.position
    values = {"old_position": old.place.position, "new_position": place.position}
    results = await database.hot.run(
        links.move_step(old, keys.mark(PRUNED, place, now)),
        (links.delete_rows, values),
        (links.delete_links, values),
        audit_step(database.clock, AuditEvent.AUDIT_PRUNED, detail={"rows": count, "through": str(place)}),
    )
    return bool(results[0])
