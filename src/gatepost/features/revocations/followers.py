"""Who follows the stream in this process, and what waits for each of them; no I/O.

What could go wrong: a reader that is slow, or lost without a word, would hold memory. What waits for one is limited,
and so is how many one client has: one more ends its oldest, which a living reader replaces at once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from gatepost.kernel.changes import Change, ChangeKind
from gatepost.kernel.revocations import TOLD

MAX_WAITING = 20_000
MAX_STREAMS = 128


class Follower:
    """One reader.

    Attributes:
        is_over: nothing more can be told without a hole.
        woken: set when there is something to tell.
    """

    def __init__(self) -> None:
        self.is_over = False
        self.woken = asyncio.Event()
        self._waiting: list[Change] = []

    def hear(self, change: Change) -> None:
        """Take a change from the index."""
        if change.kind is ChangeKind.GAP or len(self._waiting) >= MAX_WAITING:
            self.end()
        elif change.kind in TOLD and not self.is_over:
            self._waiting.append(change)
            self.woken.set()

    def end(self) -> None:
        """Let go; it begins again with a snapshot."""
        self.is_over = True
        self._waiting.clear()
        self.woken.set()

    def take(self) -> list[Change]:
        """Return what waits, each change once."""
        self.woken.clear()
        waiting, self._waiting = self._waiting, []
        return list(dict.fromkeys(waiting))


class Followers:
    """Everybody who follows in this process."""

    def __init__(self, limit: int = MAX_STREAMS) -> None:
        self._limit = limit
        self._of: defaultdict[str, list[Follower]] = defaultdict(list)

    @contextmanager
    def one_more(self, client: str) -> Iterator[Follower]:
        """Let a client follow; its oldest stream ends where it has too many."""
        follower, own = Follower(), self._of[client]
        if len(own) >= self._limit:
            own.pop(0).end()
        own.append(follower)
        try:
            yield follower
        finally:
            if follower in own:
                own.remove(follower)

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))
