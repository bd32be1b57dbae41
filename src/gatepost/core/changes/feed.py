"""Reading the feed: one interface, two ways.

Freshness is counted from when the last good read was sent, by a clock that runs through sleep. A feed that is older
than the bound is not fresh, and a request that meets it waits for a read begun after it arrived, or is refused (503).
It never fails open.
"""

from typing import Protocol

from gatepost.core.changes.domain import Change, ChangeIndex
from gatepost.core.changes.feed_postgres import PostgresFeed
from gatepost.core.changes.feed_sqlite import SqliteFeed
from gatepost.storage.database import Database


class ChangeFeed(Protocol):
    """A running reader of the feed."""

    index: ChangeIndex
    read_at: float  # the boottime at which the last good read was sent: all that was committed before it is applied

    def is_fresh(self) -> bool:
        """Whether the index may be relied on for a request that arrives now; costs microseconds."""
        ...

    async def freshen(self) -> None:
        """Read anew, sharing one read with everybody who waits; Unavailable if there is no answer."""
        ...

    def apply_own(self, change: Change) -> None:
        """Apply a change that this process committed, or may have committed."""
        ...

    async def stop(self) -> None:
        """Stop reading; nothing is fresh afterwards."""
        ...


async def open_feed(database: Database, *, bound: float, listen_url: str | None = None) -> ChangeFeed:
    """Load the index in full and begin to follow the feed.

    Args:
        database: a started database.
        bound: seconds after which a read is too old to rely on.
        listen_url: PostgreSQL only: an address for LISTEN that does not go through a pooler.
    """
    feed: SqliteFeed | PostgresFeed
    feed = SqliteFeed(database) if database.is_sqlite else PostgresFeed(database, bound, listen_url)
    await feed.start()
    return feed
