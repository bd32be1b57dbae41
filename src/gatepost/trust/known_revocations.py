"""What is known of another server's revocations, and how old that is; no I/O.

What a stream says is merged and never replaced: nothing that a server forgets, or a stranger says, makes a token good
again. The order of a stream is its promise, so that an event out of place ends it.
"""

import asyncio

from gatepost.kernel.changes import Change, ChangeIndex, ChangeKind
from gatepost.kernel.clock import Clock
from gatepost.kernel.principal import Principal
from gatepost.kernel.revocations import MAX_PARTS, PART_SIZE, Beat, Event, Part, Snapshot
from gatepost.trust.freshness import NEVER, Anchor, Freshness, Untrue

_PRUNE_EVERY_S = 30.0
_MAX_ENTRIES = MAX_PARTS * PART_SIZE


class KnownRevocations:
    """What is over at one server.

    Args:
        clock: this machine's.
        bound: seconds after which what is known is not relied on.
    """

    def __init__(self, clock: Clock, bound: float) -> None:
        self.index = ChangeIndex()
        self.freshness = Freshness(bound)
        self._clock = clock
        self._pruned_at = NEVER
        self._renewed = asyncio.Event()

    def is_fresh(self) -> bool:
        """Whether it may be relied on for a request that arrives now."""
        return self.freshness.is_fresh(self._clock.boottime(), self._clock.now_ms())

    def is_behind(self) -> bool:
        """Whether this machine's date is too far behind the server's."""
        return self.freshness.is_behind(self._clock.boottime(), self._clock.now_ms())

    async def becomes_fresh(self) -> None:
        """Wait until it is fresh; everybody who waits shares one beat."""
        while not self.is_fresh():
            await self._renewed.wait()

    def refuses(self, principal: Principal) -> bool:
        """Whether its session is over, or that of the administrator who acts as its user."""
        refuses, actor, global_epoch = self.index.refuses, principal.actor, principal.claims.get("gep")
        if type(global_epoch) is not int:
            return True
        if refuses(principal.session_id, principal.user_id, principal.epoch, global_epoch):
            return True
        return actor is not None and refuses(actor.session_id, actor.user_id, actor.epoch, global_epoch)

    def begin(self, snapshot: Snapshot) -> None:
        """Take the beginning of a stream, after whatever silence was before it."""
        if self.freshness.proved_at > NEVER:
            self.index.note_silence(self._clock.boottime() - self.freshness.proved_at)
        self.apply(Change(ChangeKind.GLOBAL_EPOCH, None, snapshot.global_epoch, snapshot.date))

    def apply(self, change: Change) -> None:
        """Merge one change; what is known already moves nothing.

        Raises:
            Untrue: there is more than any server says.
        """
        if len(self.index.ended) + len(self.index.epochs) >= _MAX_ENTRIES:
            raise Untrue("more is over than can be remembered")
        if self._is_news(change):
            self.index.apply(change)

    def beat(self, anchor: Anchor, beat: Beat) -> None:
        """Note how new everything is that was said, and wake whoever waits for that.

        Raises:
            Untrue: it would be of the future.
        """
        now = self._clock.boottime()
        self.freshness.prove(anchor, beat.read, beat.date, now)
        if now - self._pruned_at > _PRUNE_EVERY_S:
            self._pruned_at = now
            self.index.prune(beat.date)  # by the server's date: ours may step ahead and back again
        if self.is_fresh():
            renewed, self._renewed = self._renewed, asyncio.Event()
            renewed.set()

    def _is_news(self, change: Change) -> bool:
        index, subject = self.index, change.subject
        if change.kind is ChangeKind.GLOBAL_EPOCH:
            return (change.epoch or 0) > index.global_epoch
        if change.kind is ChangeKind.SESSION_ENDED and subject is not None:
            return change.keep_until > index.ended.get(subject, -1)
        if change.kind is ChangeKind.USER_EPOCH and subject is not None:
            epoch, until = index.epochs.get(subject, (-1, -1))
            return (change.epoch or 0) > epoch or change.keep_until > until
        return True


class Reading:
    """One stream being read: what must come in which order.

    Args:
        known: what it is merged into.
        issuer: whose it must be.
        sent: this machine's clock before the request was sent.
        nonce: of the request.
    """

    def __init__(self, known: KnownRevocations, *, issuer: str, sent: float, nonce: str) -> None:
        self._known = known
        self._issuer = issuer
        self._sent = sent
        self._nonce = nonce
        self._anchor: Anchor | None = None
        self._parts_left = 0
        self._last_read = NEVER

    def take(self, event: Event) -> None:
        """Take one event.

        Raises:
            Untrue: it cannot be, or not now.
        """
        if isinstance(event, Snapshot):
            self._begin(event)
        elif self._anchor is None:
            raise Untrue("it did not begin with a snapshot")
        elif isinstance(event, Part):
            if self._parts_left == 0:
                raise Untrue("there are more parts than it said")
            self._parts_left -= 1
            for change in event.changes:
                self._known.apply(change)
        elif isinstance(event, Change):
            self._known.apply(event)
        elif self._parts_left or event.read < self._last_read:
            raise Untrue("a beat came too early, or from the past")
        else:
            self._last_read = event.read
            self._known.beat(self._anchor, event)

    def _begin(self, snapshot: Snapshot) -> None:
        if self._anchor is not None:
            raise Untrue("there is a second snapshot")
        if snapshot.issuer != self._issuer:
            raise Untrue("it is another issuer's")
        if snapshot.nonce != self._nonce:
            raise Untrue("it answers another request: something between keeps answers")
        self._anchor = Anchor(self._sent, snapshot.received)
        self._parts_left = snapshot.parts
        self._known.begin(snapshot)
