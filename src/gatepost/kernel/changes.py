"""What a process must remember to refuse tokens that are still within their lifetime. No I/O.

An entry leaves when the last token that it concerns has died, so that the index is as small as the number of
revocations within one access-token lifetime.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class ChangeKind(IntEnum):
    """The closed set of changes; a number is never reused."""

    GAP = 0  # never stored: the feed was silent for longer than its rows are kept, whatever was cached is doubtful
    SESSION_ENDED = 1
    USER_EPOCH = 2
    USER_CHANGED = 3
    KEYS = 4
    GLOBAL_EPOCH = 5
    ROLES = 6


MAX_SILENCE_S = 120.0
_MAX_CHANGED = 50_000


@dataclass(frozen=True, slots=True)
class Change:
    """One row of the feed; `keep_until` in milliseconds since the Unix epoch."""

    kind: ChangeKind
    subject: uuid.UUID | None
    epoch: int | None
    keep_until: int


class ChangeIndex:
    """Ended sessions, current epochs of changed users, and who wants to hear of a change."""

    def __init__(self) -> None:
        self.ended: dict[uuid.UUID, int] = {}
        self.epochs: dict[uuid.UUID, tuple[int, int]] = {}
        self.global_epoch = 0
        self.position = 0
        self._changed: dict[uuid.UUID, int] = {}
        self._floor = 0
        self._subscribers: list[Callable[[Change], None]] = []
        self._waiting: defaultdict[uuid.UUID, set[asyncio.Event]] = defaultdict(set)

    def subscribe(self, subscriber: Callable[[Change], None]) -> None:
        """Call `subscriber` with every change as it is applied; it must not raise."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Callable[[Change], None]) -> None:
        """Tell a subscriber nothing more; not to be called by one that is being told."""
        self._subscribers.remove(subscriber)

    def apply(self, change: Change) -> None:
        """Take one change in; applying it again does no harm."""
        self.position += 1
        subject = change.subject
        if change.kind is ChangeKind.SESSION_ENDED and subject is not None:
            self.ended[subject] = max(change.keep_until, self.ended.get(subject, 0))
        elif change.kind is ChangeKind.USER_EPOCH and subject is not None:
            epoch, until = self.epochs.get(subject, (0, 0))
            self.epochs[subject] = (max(change.epoch or 0, epoch), max(change.keep_until, until))
        elif change.kind is ChangeKind.GLOBAL_EPOCH:
            self.global_epoch = max(self.global_epoch, change.epoch or 0)
        if change.kind in {ChangeKind.GLOBAL_EPOCH, ChangeKind.GAP}:
            self._floor = self.position
        elif subject is not None:
            self._changed[subject] = self.position
        for subscriber in self._subscribers:
            subscriber(change)
        if change.kind in {ChangeKind.GLOBAL_EPOCH, ChangeKind.GAP}:
            for events in self._waiting.values():
                _wake(events)
        elif subject is not None and subject in self._waiting:
            _wake(self._waiting[subject])

    def is_current(self, position: int, *subjects: uuid.UUID) -> bool:
        """Whether what was read of a user or a session after `position` was noted is still what the database says.

        The position is noted before the read: a fill that a change has overtaken is thereby never current. Unlike
        `ended`, this outlives the change: what was cached before it does not come back when the change is forgotten.
        """
        if position < self._floor:
            return False
        changed = self._changed
        return all(changed.get(subject, 0) <= position for subject in subjects)

    def note_silence(self, seconds: float) -> None:
        """Distrust every cache after a silence in which rows may have come and gone."""
        if seconds > MAX_SILENCE_S:
            self.apply(Change(ChangeKind.GAP, None, None, 0))

    def refuses(self, session_id: uuid.UUID, user_id: uuid.UUID, epoch: int, global_epoch: int) -> bool:
        """Whether a credential of this session, issued under these epochs, is no longer good."""
        if session_id in self.ended or global_epoch < self.global_epoch:
            return True
        current = self.epochs.get(user_id)
        return current is not None and epoch < current[0]

    def wait_on(self, *subjects: uuid.UUID) -> asyncio.Event:
        """Return an event that is set when one of the subjects changes; give it back with `stop_waiting`."""
        event = asyncio.Event()
        for subject in subjects:
            self._waiting[subject].add(event)
        return event

    def stop_waiting(self, event: asyncio.Event, *subjects: uuid.UUID) -> None:
        """Forget an event made by `wait_on`."""
        for subject in subjects:
            events = self._waiting.get(subject)
            if events is not None:
                events.discard(event)
                if not events:
                    del self._waiting[subject]

    def prune(self, now_ms: int) -> None:
        """Drop entries that no living token can need."""
        self.ended = {key: until for key, until in self.ended.items() if until > now_ms}
        self.epochs = {key: kept for key, kept in self.epochs.items() if kept[1] > now_ms}
        if len(self._changed) > _MAX_CHANGED:
            self._floor = self.position
            self._changed.clear()


def _wake(events: set[asyncio.Event]) -> None:
    for event in events:
        event.set()
