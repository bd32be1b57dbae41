"""The stream of revocations on the wire: its events, written and read (Server-Sent Events, WHATWG HTML, section 9.2).

    event: snapshot   who speaks, to which request, when, and in how many parts its whole index follows
    event: part       some of the index: sessions that are over, epochs of users
    event: change     one more, as soon as it is known
    event: beat       how old what was said so far is

`read` and `received` are seconds on a clock of the server that never steps and says nothing by itself; only their
difference means something. `date` is its date. What could go wrong: an event that is half understood. Of those that
are known every member is checked; a change of a kind that is not known means that nothing kept is sure. Members may
be added; a name, once published, is never reused for something else.
"""

import json
import math
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gatepost.kernel.changes import Change, ChangeIndex, ChangeKind

SNAPSHOT, PART, CHANGE, BEAT = "snapshot", "part", "change", "beat"
OPENING = b": revocations\n\n"
PART_SIZE = 2_000
MAX_PARTS = 1_000
MAX_LINE_BYTES = 524_288
# What another service has to hear of: who changed a profile, or what a role allows, is not its business.
TOLD = frozenset({ChangeKind.SESSION_ENDED, ChangeKind.USER_EPOCH, ChangeKind.GLOBAL_EPOCH, ChangeKind.KEYS})
_WORDS = {kind: kind.name.lower() for kind in TOLD}
_KINDS = {word: kind for kind, word in _WORDS.items()}
_MAX_MS = 1 << 53


class Malformed(ValueError):
    """It is not what a server of ours says."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The beginning of a stream.

    Attributes:
        issuer: who speaks.
        nonce: of the request that this answers: what was kept of an earlier answer is none.
        received: the server's clock when the request was there, in seconds.
        date: the server's date then, milliseconds since the Unix epoch.
        global_epoch: under which every token is refused.
        parts: how many follow.
    """

    issuer: str
    nonce: str
    received: float
    date: int
    global_epoch: int
    parts: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the index, as changes."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """Everything that had been committed when the server's clock showed `read` has been said before this.

    Attributes:
        read: when the server's last good look at its database was begun, by the clock of `received`.
        date: the server's date when it says this, milliseconds since the Unix epoch.
    """

    read: float
    date: int


Event = Snapshot | Part | Change | Beat


def write_snapshot(index: ChangeIndex, *, issuer: str, nonce: str, received: float, date: int) -> Iterator[bytes]:
    """Yield the events that say a whole index, as it is when the first of them is taken."""
    ended, epochs = list(index.ended.items()), [(user, *kept) for user, kept in index.epochs.items()]
    parts = _parts(len(ended)) + _parts(len(epochs))
    about = {"issuer": issuer, "nonce": nonce, "received": received, "date": date}
    yield _event(SNAPSHOT, {**about, "global_epoch": index.global_epoch, "parts": parts})
    for few in _chunks(ended):
        yield _event(PART, {"ended": [(str(session), until) for session, until in few]})
    for some in _chunks(epochs):
        yield _event(PART, {"epochs": [(str(user), epoch, until) for user, epoch, until in some]})


def write_change(change: Change) -> bytes:
    """Return the event of one change of a kind that is told."""
    subject = None if change.subject is None else str(change.subject)
    about = {"kind": _WORDS[change.kind], "subject": subject, "epoch": change.epoch, "keep_until": change.keep_until}
    return _event(CHANGE, about)


def write_beat(beat: Beat) -> bytes:
    """Return the event of one beat."""
    return _event(BEAT, {"read": beat.read, "date": beat.date})


def read_event(name: str, data: bytes) -> Event | None:
    """Return an event, or None for one of a name that is not known.

    Raises:
        Malformed: it is not what a server of ours says.
    """
    if name not in _READERS:
        return None
    try:
        content = json.loads(data)
        return _READERS[name](content)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        raise Malformed(name) from None


def _event(name: str, data: Mapping[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _parts(entries: int) -> int:
    return -(-entries // PART_SIZE)


def _chunks(entries: list[Any]) -> Iterator[list[Any]]:
    rest = iter(entries)
    while few := list(islice(rest, PART_SIZE)):
        yield few


def _read_snapshot(content: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        issuer=_text(content["issuer"]),
        nonce=_text(content["nonce"]),
        received=_seconds(content["received"]),
        date=_whole(content["date"]),
        global_epoch=_whole(content["global_epoch"]),
        parts=_whole(content["parts"], MAX_PARTS),
    )


def _read_part(content: Mapping[str, Any]) -> Part:
    ended, epochs = content.get("ended", []), content.get("epochs", [])
    if len(ended) + len(epochs) > PART_SIZE:
        raise ValueError
    changes = [Change(ChangeKind.SESSION_ENDED, _id(session), None, _whole(until)) for session, until in ended]
    changes += [Change(ChangeKind.USER_EPOCH, _id(user), _whole(epoch), _whole(until)) for user, epoch, until in epochs]
    return Part(tuple(changes))


def _read_change(content: Mapping[str, Any]) -> Change:
    kind, keep_until = _KINDS.get(_text(content["kind"])), _whole(content["keep_until"])
    if kind is None:  # a newer server says it: whatever it means, nothing that is kept is sure
        return Change(ChangeKind.GAP, None, None, keep_until)
    is_about_somebody = kind in {ChangeKind.SESSION_ENDED, ChangeKind.USER_EPOCH}
    subject = _id(content["subject"]) if is_about_somebody else None
    has_epoch = kind in {ChangeKind.USER_EPOCH, ChangeKind.GLOBAL_EPOCH}
    return Change(kind, subject, _whole(content["epoch"]) if has_epoch else None, keep_until)


def _read_beat(content: Mapping[str, Any]) -> Beat:
    return Beat(_seconds(content["read"]), _whole(content["date"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _id(value: object) -> uuid.UUID:
    return uuid.UUID(_text(value))


def _whole(value: object, most: int = _MAX_MS) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError
    return value


def _seconds(value: object) -> float:
    if type(value) not in {int, float} or not math.isfinite(value) or value < 0:  # type: ignore[arg-type,operator]
        raise ValueError
    return float(value)  # type: ignore[arg-type]


_READERS: Mapping[str, Callable[[Any], Event]] = {
    SNAPSHOT: _read_snapshot,
    PART: _read_part,
    CHANGE: _read_change,
    BEAT: _read_beat,
}
