"""Telling another service what is no longer good: the whole index, then each change, and how old all this is.

A beat says when the look at the database was begun that everything before it is as new as. It is only ever said after
a good one: a feed that cannot be read, a gap in it, a fork or a reader that fell behind end the stream, and whoever
reads it is not fresh until a new one has begun. See `docs/decisions/0012-revocations-for-other-services.md`.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from gatepost.core.changes import ChangeFeed
from gatepost.core.runtime import Core
from gatepost.features.revocations.followers import Followers
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.revocations import OPENING, Beat, write_beat, write_change, write_snapshot

BEAT_S = 0.5
_log = logging.getLogger("gatepost.revocations")


async def follow(
    core: Core,
    followers: Followers,
    client: str,
    *,
    nonce: str,
    received: float,
    is_stopping: Callable[[], bool],
) -> AsyncIterator[bytes]:
    """Yield the events for one client, until they cannot go on without a hole.

    Args:
        core: the running core.
        followers: everybody who follows.
        client: who asks.
        nonce: of the request.
        received: the boottime when the request was there.
        is_stopping: whether this process is about to stop.
    """
    feed, clock = core.feed, core.clock
    yield OPENING
    with followers.one_more(client) as follower:
        feed.index.subscribe(follower.hear)
        try:
            issuer = core.services.tokens.issuer
            for event in write_snapshot(feed.index, issuer=issuer, nonce=nonce, received=received, date=clock.now_ms()):
                yield event
            while not is_stopping():
                read = await look(feed, clock.boottime())
                changes = follower.take()
                if follower.is_over:
                    break
                beat = write_beat(Beat(read, clock.now_ms()))
                yield b"".join((*map(write_change, changes), beat))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await follower.woken.wait()
        except Unavailable as error:
            _log.warning("the stream of revocations to %s ends: %s", client, error.detail)
        finally:
            feed.index.unsubscribe(follower.hear)


async def look(feed: ChangeFeed, now: float) -> float:
    """Return when the last good read of the feed was begun, after one that is recent.

    Raises:
        Unavailable: there is none.
    """
    if not feed.is_fresh() or now - feed.read_at > BEAT_S:
        await feed.freshen()
    return feed.read_at
