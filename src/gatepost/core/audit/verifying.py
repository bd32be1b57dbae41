"""Whether the trail is what was written: every row, every link, the signed marks at both ends.

What it proves, and what it cannot: a row that was changed, taken out, moved or slipped in between is found, and so is
an end that was cut off, unless whoever cut it also brought back a head that was signed for exactly that place. A head
that was kept elsewhere (`expected`) finds that too. Who holds GATEPOST_SECRET can write another trail.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gatepost.core.audit import links
from gatepost.core.audit.chain import HEAD, ORIGIN, PRUNED, ChainKeys, Link, Mark, Place, UnknownKey, marks_of
from gatepost.kernel.errors import Unavailable
from gatepost.storage.database import Database
from gatepost.storage.statement import Row

_BATCH = 500
_PASSES = 3
MAX_FINDINGS = 100
_BACKDATED_MS = 3_600_000
_LINK_COLUMNS = 5  # position, sealed_at, key_id, mac, audit_id; the row follows
_AT = 1  # of a row


class Fault(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    MISSING_ROW = "missing_row"
    MISSING_LINKS = "missing_links"
    CUT_OFF = "cut_off"
    AFTER_HEAD = "after_head"
    NO_HEAD = "no_head"
    FORGED_MARK = "forged_mark"
    UNKNOWN_KEY = "unknown_key"
    NEVER_QUEUED = "never_queued"
    VANISHED = "vanished"
    OTHER_HISTORY = "other_history"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and where."""

    fault: Fault
    words: str
    position: int | None = None
    audit_id: str | None = None


@dataclass(slots=True, kw_only=True)
class Report:
    """What a verification saw; times in milliseconds since the Unix epoch.

    Attributes:
        begins: where the chain begins: after the last pruned link.
        head: the last link that was verified.
        verified: how many rows.
        unsealed: rows that were committed and wait for their link.
        unsealed_since: the time of the oldest of them.
        notices: what is odd and may be innocent.
    """

    begins: Place = ORIGIN
    head: Place = ORIGIN
    verified: int = 0
    unsealed: int = 0
    unsealed_since: int | None = None
    findings: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, fault: Fault, words: str, position: int | None = None, audit_id: str | None = None) -> None:
        """Keep a finding, up to a bound."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(fault=fault, words=words, position=position, audit_id=audit_id))


async def verify(database: Database, keys: ChainKeys, *, expected: Place | None = None) -> Report:
    """Verify the whole trail while others may write, seal and prune.

    Args:
        database: started, with current tables.
        keys: every key that is known.
        expected: a head that was kept outside: the trail must contain it.
    """
    report = Report()
    for _ in range(_PASSES):
        report = await _pass(database, keys, expected)
        if report.is_clean or await _pruned_position(database) <= report.begins.position:
            break  # nothing was pruned from under this pass
    return report


async def _pass(database: Database, keys: ChainKeys, expected: Place | None) -> Report:
    report = Report()
    marks = await _marks(database, keys, report)
    head = marks.get(HEAD)
    begins = marks[PRUNED].place if PRUNED in marks else ORIGIN
    report.begins = begins
    await _walk(database, keys, report, begins, head.place if head else Place(1 << 62, b""))
    if head is not None:
        _compare_end(report, head)
    await _look_beside(database, report)
    if expected is not None:
        await _look_for(database, report, expected)
    return report


async def read_marks(database: Database) -> dict[str, Mark]:
    """Return the marks as they stand."""
    return dict(marks_of(await database.hot.read(links.marks)))


async def _pruned_position(database: Database) -> int:
    return next((row[1] for row in await database.hot.read(links.marks) if row[0] == PRUNED), 0)


async def _marks(database: Database, keys: ChainKeys, report: Report) -> dict[str, Mark]:
    """Return the authentic marks."""
    try:
        found = await read_marks(database)
    except (TypeError, ValueError):
        report.add(Fault.UNREADABLE, "the marks of the chain cannot be read")
        return {}
    authentic = {}
    for name, mark in found.items():
        try:
            if keys.is_mark(mark):
                authentic[name] = mark
            else:
                report.add(Fault.FORGED_MARK, f"the mark «{name}» was not signed here", mark.place.position)
        except UnknownKey:
            report.add(Fault.UNKNOWN_KEY, f"the mark «{name}» {_UNKNOWN.format(mark.key_id)}", mark.place.position)
    if HEAD not in found and (PRUNED in found or await database.hot.read(links.any_link)):
        report.add(Fault.NO_HEAD, "the signed head is gone")
    return authentic


_UNKNOWN = "needs the key {}: give the secret of its time as GATEPOST_SECRET_PREVIOUS and run `gatepost secret rotate`"


async def _walk(database: Database, keys: ChainKeys, report: Report, begins: Place, end: Place) -> None:
    """Verify link after link up to the head."""
    before, latest = begins, 0
    async for row in _linked(database, begins.position, end.position):
        try:
            link = Link(row[0], row[1], row[2], bytes(row[3]))
        except TypeError:
            report.add(Fault.CHANGED, "the link is not what was written", row[0])
            continue
        audit_id, content = row[4], row[_LINK_COLUMNS:]
        is_after_gap = link.position != before.position + 1
        if is_after_gap:
            gone = f"{before.position + 1} to {link.position - 1}"
            report.add(
                Fault.MISSING_LINKS,
                f"positions {gone} are gone; the row at {link.position} cannot be proved",
                before.position + 1,
            )
        if content[0] is None:
            report.add(Fault.MISSING_ROW, "the row was deleted", link.position, audit_id)
        elif not is_after_gap:
            _check_link(keys, report, link, before, audit_id, content)
            latest = _check_date(report, link, audit_id, content, latest)
        before = link.place
    report.head = before


def _check_link(
    keys: ChainKeys, report: Report, link: Link, before: Place, audit_id: str, content: Sequence[object]
) -> None:
    try:
        if keys.is_link(link, before, content):
            report.verified += 1
        else:
            words = "the row or its link is not what was sealed here"
            report.add(Fault.CHANGED, words, link.position, audit_id)
    except UnknownKey:
        report.add(Fault.UNKNOWN_KEY, f"the link {_UNKNOWN.format(link.key_id)}", link.position, audit_id)


def _check_date(report: Report, link: Link, audit_id: str, content: Sequence[object], latest: int) -> int:
    """Note a row that is dated long before one that was sealed earlier; return the latest date so far."""
    at = content[_AT] if len(content) > _AT else None
    if not isinstance(at, int):
        return latest
    if at < latest - _BACKDATED_MS and len(report.notices) < MAX_FINDINGS:
        words = (
            f"dated {(latest - at) // 60_000} minutes before a row that was sealed earlier: "
            "the store's clock was set back, or the row was written into the past"
        )
        report.notices.append(Finding(fault=Fault.CHANGED, words=words, position=link.position, audit_id=audit_id))
    return max(latest, at)


async def _linked(database: Database, after: int, through: int) -> AsyncIterator[Row]:
    """Yield links with their rows in order; a row that no driver can read comes as what it cannot have been."""
    size = _BATCH
    while after < through:
        values: dict[str, Any] = {"after": after, "through": through, "size": size}
        try:
            rows = await database.hot.read(links.linked, values)
        except (Unavailable, ValueError, TypeError):
            if size > 1:
                size = 1
                continue
            rows = await database.hot.read(links.bare, {"after": after})
            rows = [(*row, "unreadable") for row in rows if row[0] <= through]
        if not rows:
            return
        for row in rows:
            yield row
        after = rows[-1][0]
        size = min(size * 2, _BATCH)


def _compare_end(report: Report, head: Mark) -> None:
    if report.head.position < head.place.position:
        gone = f"{report.head.position + 1} to {head.place.position}"
        report.add(Fault.CUT_OFF, f"the end was cut off: positions {gone} are gone", report.head.position + 1)
    elif report.head.mac != head.place.mac:
        report.add(Fault.CHANGED, "the last link is not the one that the head was signed for", head.place.position)


async def _look_beside(database: Database, report: Report) -> None:
    """Look at what is in no link, and at what stands after the head."""
    hot = database.hot
    report.unsealed, report.unsealed_since = (await hot.read(links.unsealed))[0]
    for audit_id, _ in await hot.read(links.strangers, {"size": MAX_FINDINGS}):
        words = "the row was never sealed and does not wait for it: slipped in, or its link was taken away"
        report.add(Fault.NEVER_QUEUED, words, audit_id=audit_id)
    for (audit_id,) in await hot.read(links.vanished, {"size": MAX_FINDINGS}):
        report.add(Fault.VANISHED, "the row was deleted before it was sealed", audit_id=audit_id)
    for row in await hot.read(links.head):
        if (row[-1] or 0) > row[1]:
            words = f"there are links up to {row[-1]} after the head {row[1]}: an old head was brought back"
            report.add(Fault.AFTER_HEAD, words, row[1])


async def _look_for(database: Database, report: Report, expected: Place) -> None:
    """Look whether the trail contains a head that was kept outside."""
    if expected in {ORIGIN, report.begins}:
        return
    if expected.position < report.begins.position:
        words = f"older than the last pruning (at {report.begins.position}): it proves nothing any more"
        report.notices.append(Finding(fault=Fault.CUT_OFF, words=words, position=expected.position))
        return
    found = await database.hot.read(links.mac_at, {"at_position": expected.position})
    if not found and expected.position > report.head.position:
        words = f"the trail was cut off: it ends at {report.head.position}, the head that you hold is later"
        report.add(Fault.CUT_OFF, words, expected.position)
    elif not found or bytes(found[0][0]) != expected.mac:
        words = "the head that you hold is not in this trail: it was written anew from an earlier place on"
        report.add(Fault.OTHER_HISTORY, words, expected.position)
