"""What a process remembers of changes; pure, and shared with those who follow the feed from afar."""

from gatepost.kernel.changes import MAX_SILENCE_S, Change, ChangeIndex, ChangeKind

__all__ = ["MAX_SILENCE_S", "Change", "ChangeIndex", "ChangeKind"]
