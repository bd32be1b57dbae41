"""One attempt at a time, shared by all who wait for it, and not ended by one who does not wait any longer."""

import asyncio
from collections.abc import Awaitable, Callable

from gatepost.kernel.tasks import end_tasks


class Flight:
    """What is attempted; it reports its failures by itself and raises nothing."""

    def __init__(self, attempt: Callable[[], Awaitable[None]]) -> None:
        self._attempt = attempt
        self._task: asyncio.Task[None] | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether joining would wait for an attempt that has begun already."""
        return self._task is not None

    def start(self) -> "asyncio.Task[None]":
        """Begin, where it is not under way."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return self._task

    async def join(self) -> None:
        """Begin, where it is not under way, and wait for its end."""
        await asyncio.shield(self.start())

    async def end(self) -> None:
        """Give it up."""
        if self._task is not None:
            await end_tasks([self._task])

    async def _run(self) -> None:
        try:
            await self._attempt()
        finally:
            self._task = None
