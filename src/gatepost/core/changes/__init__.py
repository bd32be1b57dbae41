"""The change feed: how an ended session is refused at once here and within a stated bound everywhere else."""

from gatepost.core.changes.domain import Change, ChangeIndex, ChangeKind
from gatepost.core.changes.feed import ChangeFeed, open_feed
from gatepost.core.changes.store import prune_changes, record_change

__all__ = ["Change", "ChangeFeed", "ChangeIndex", "ChangeKind", "open_feed", "prune_changes", "record_change"]
