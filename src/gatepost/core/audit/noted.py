"""What was noted a moment ago. Refusals are free for who causes them, so what they leave in the trail is bounded."""

from gatepost.kernel.clock import Clock

_NOTE_EVERY_S, _MAX_NOTED = 60, 10_000


class Noted:
    """Remembers, for a minute and in this process, that something was recorded."""

    __slots__ = ("_clock", "_until")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def is_news(self, key: str) -> bool:
        """Whether this was not asked in the last minute; whoever asks, records."""
        now = self._clock.boottime()
        if now < self._until.get(key, 0):
            return False
        if len(self._until) >= _MAX_NOTED:
            self._until.clear()
        self._until[key] = now + _NOTE_EVERY_S
        return True

    def forget(self, key: str) -> None:
        """Take back that something was recorded: it could not be."""
        self._until.pop(key, None)
