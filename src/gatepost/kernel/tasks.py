"""Ending background tasks for certain.

A cancellation can be lost: `asyncio.wait_for` of Python 3.11 swallows the one that comes in the moment when what it
waits for is done, and drivers use it. A loop that was cancelled once would then run on, and a shutdown wait for ever.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_S = 0.5


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks, again and again until each has ended; their errors are dropped."""
    ending = list(tasks)
    pending = {task for task in ending if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
    await asyncio.gather(*ending, return_exceptions=True)
