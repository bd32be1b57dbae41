"""Who wants to know that a statement was committed, and with which values: a counter, a line in a log.

They are told after the commit, once, in the process that committed; of an outcome that nobody knows they are not told.
"""

import logging
from collections.abc import Callable, Iterable

from gatepost.storage.statement import Statement, Step, Values

Watcher = Callable[[Values], None]
_log = logging.getLogger("gatepost.storage")


class Watchers:
    """The watchers of one database."""

    __slots__ = ("_watchers",)

    def __init__(self) -> None:
        self._watchers: dict[Statement, list[Watcher]] = {}

    def on(self, statement: Statement, watcher: Watcher) -> None:
        """Call `watcher` with the values of a statement after each commit of it."""
        self._watchers.setdefault(statement, []).append(watcher)

    def tell(self, steps: Iterable[Step]) -> None:
        """Tell of steps that were committed; what a watcher raises changes nothing any more."""
        if not self._watchers:
            return
        for statement, values in steps:
            for watcher in self._watchers.get(statement, ()):
                try:
                    watcher(values)
                except Exception:  # noqa: BLE001 - it comes after the fact
                    _log.exception("a watcher of committed statements failed")
