"""Threads of our own for hashing, with a bounded queue before them.

In the framework's pool a flood of sign-ins would starve every other blocking call, and on the event loop everything.
What goes wrong with queues of this kind: an await is cancelled, its place counted as free, and the thread still busy,
so that clients who hang up build an unbounded backlog. Here a place is free when its thread is.
"""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar
from weakref import WeakSet

_T = TypeVar("_T")
_NICE = 10  # other threads of the process go first


class PasswordQueueFull(Exception):
    """All threads are busy and the queue before them is full: try again in a moment."""


class _Places:
    """How many places are taken; a fork begins a new count, the threads that held the old ones are not there."""

    __slots__ = ("executor", "lock", "taken")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken = 0
        self.executor: ThreadPoolExecutor | None = None


class Slot:
    """One place in the queue, for one hash after another; leave the `with` block or call `release` to give it back."""

    __slots__ = ("_is_released", "_is_running", "_places")

    def __init__(self, places: _Places) -> None:
        self._places = places
        self._is_running = False
        self._is_released = False

    def release(self) -> None:
        """Give the place back, now or as soon as the thread that works for it ends; a second call does nothing."""
        with self._places.lock:
            if not self._is_released:
                self._is_released = True
                if not self._is_running:
                    self._places.taken -= 1

    def begin(self) -> None:
        """Note that a thread works for this slot.

        Raises:
            RuntimeError: the slot was released, or a thread works for it already.
        """
        with self._places.lock:
            if self._is_released or self._is_running:
                raise RuntimeError("a slot serves one hash at a time, and none after its release")
            self._is_running = True

    def end(self) -> None:
        """Note that the thread ended."""
        with self._places.lock:
            self._is_running = False
            if self._is_released:
                self._places.taken -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class HashPool:
    """Up to `threads` threads, started when there is work, and `queue` places for work that waits."""

    def __init__(self, threads: int, queue: int) -> None:
        self.threads = threads
        self._capacity = threads + queue
        self.start_afresh()
        _POOLS.add(self)

    @property
    def taken(self) -> int:
        """How many hashes run or wait."""
        return self._places.taken

    def start_afresh(self) -> None:
        """Forget threads and places (they are another process's)."""
        self._places = _Places()

    def reserve(self) -> Slot:
        """Take a place.

        Raises:
            PasswordQueueFull: there is none, now.
        """
        places = self._places
        with places.lock:
            if places.taken >= self._capacity:
                raise PasswordQueueFull
            places.taken += 1
        return Slot(places)

    async def run(self, work: Callable[[], _T], slot: Slot) -> _T:
        """Do the work in a thread; if the await is cancelled before a thread began, it is not done at all."""
        executor = self._executor()
        slot.begin()
        try:
            future = executor.submit(work)
        except BaseException:
            slot.end()
            raise
        future.add_done_callback(lambda _: slot.end())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let the threads end after the work that they have; the next use would start new ones."""
        with self._places.lock:
            executor, self._places.executor = self._places.executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    def _executor(self) -> ThreadPoolExecutor:
        places = self._places
        with places.lock:
            if places.executor is None:
                places.executor = ThreadPoolExecutor(self.threads, "gatepost-hash", initializer=_step_back)
            return places.executor


def _step_back() -> None:
    """Lower this thread's priority: measured, other routes keep their latency while sign-ins flood."""
    if sys.platform == "linux":  # elsewhere the call is for the whole process
        with contextlib.suppress(OSError):  # forbidden by a sandbox, or lower already
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


_POOLS: WeakSet[HashPool] = WeakSet()


def _start_all_afresh() -> None:
    for pool in _POOLS:
        pool.start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_all_afresh)
