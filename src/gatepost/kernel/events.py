"""Events: what happened, as classes that their features own, and who wants to know.

A listener with `within=True` runs in the transaction that made the event true, is given its connection and may raise
`Refused`; any other runs after the commit, and its errors are logged and change nothing.
"""

import asyncio
import inspect
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_log = logging.getLogger("gatepost.events")
Listener = TypeVar("Listener", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened; subclasses say what."""


class Listeners:
    """Who listens to which event; a subclass of an event reaches the listeners of its parents too."""

    def __init__(self) -> None:
        self._within: defaultdict[type[Event], list[Callable[..., Any]]] = defaultdict(list)
        self._after: defaultdict[type[Event], list[Callable[..., Any]]] = defaultdict(list)

    def on(self, event: type[Event], *, within: bool = False) -> Callable[[Listener], Listener]:
        """Return a decorator that registers a listener.

        Args:
            event: the class of event, or a parent of several.
            within: run in the transaction as `fn(event, connection)` instead of after it as `fn(event)`.
        """

        def register(listener: Listener) -> Listener:
            if within and not inspect.iscoroutinefunction(listener):
                msg = "a listener within the transaction is `async def fn(event, connection)`"
                raise TypeError(msg)
            (self._within if within else self._after)[event].append(listener)
            return listener

        return register

    async def within(self, event: Event, connection: object) -> None:
        """Run the listeners that belong to the transaction; what they raise refuses it."""
        for kind in type(event).__mro__:
            for listener in self._within.get(kind, ()):
                await listener(event, connection)

    async def after(self, events: Sequence[Event]) -> None:
        """Run the listeners that come after the commit; a `def` listener gets a thread."""
        for event in events:
            for kind in type(event).__mro__:
                for listener in self._after.get(kind, ()):
                    try:
                        if inspect.iscoroutinefunction(listener):
                            await listener(event)
                        else:
                            await asyncio.to_thread(listener, event)
                    except Exception:  # noqa: BLE001 - it comes after the fact, and changes nothing
                        _log.exception("listener %s failed on %s", listener.__qualname__, type(event).__name__)
