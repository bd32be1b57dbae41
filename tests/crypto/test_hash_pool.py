"""The pool: bounded, at once full, and free only when its threads are."""

import asyncio
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator

import anyio
import pytest

from gatepost.crypto.hash_pool import HashPool, PasswordQueueFull

pytestmark = pytest.mark.anyio


class Work:
    """Work that runs until it is let go, and counts how many run at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.lock = threading.Lock()
        self.running = self.peak = self.done = 0

    def __call__(self) -> int:
        with self.lock:
            self.running += 1
            self.peak = max(self.peak, self.running)
        assert self.go_on.wait(30)
        with self.lock:
            self.running -= 1
            self.done += 1
            return self.done


@pytest.fixture
def work() -> Iterator[Work]:
    blocking = Work()
    yield blocking
    blocking.go_on.set()


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not is_so():  # noqa: ASYNC110 - what threads do is polled
            await anyio.sleep(0.001)


def is_full(pool: HashPool) -> bool:
    try:
        pool.reserve().release()
    except PasswordQueueFull:
        return True
    return False


async def run(pool: HashPool, work: Callable[[], object]) -> None:
    with pool.reserve() as slot:
        await pool.run(work, slot)


def hash_threads_alive() -> int:
    return sum(thread.name.startswith("gatepost-hash") for thread in threading.enumerate())


async def test_no_more_run_at_once_than_there_are_threads(work: Work) -> None:
    pool = HashPool(threads=2, queue=10)
    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(run, pool, work)
        await until(lambda: work.running == 2)
        assert is_full(pool)
        work.go_on.set()
    assert (work.peak, work.done) == (2, 12)
    assert not is_full(pool)
    pool.close()


async def test_full_is_said_at_once() -> None:
    pool = HashPool(threads=1, queue=2)
    held = [pool.reserve() for _ in range(3)]
    with pytest.raises(PasswordQueueFull):
        pool.reserve()
    held[0].release()
    held[0].release()
    pool.reserve()
    with pytest.raises(PasswordQueueFull):  # releasing twice freed one place
        pool.reserve()


async def test_reserving_starts_no_thread() -> None:
    before = hash_threads_alive()
    pool = HashPool(threads=2, queue=2)
    pool.reserve().release()
    assert hash_threads_alive() <= before


async def test_a_cancelled_await_keeps_its_place_until_the_thread_ends(work: Work) -> None:
    pool = HashPool(threads=1, queue=0)
    async with anyio.create_task_group() as group:
        group.start_soon(run, pool, work)
        await until(lambda: work.running == 1)
        group.cancel_scope.cancel()
    assert work.running == 1
    assert is_full(pool)
    work.go_on.set()
    await until(lambda: not is_full(pool))
    assert work.done == 1
    pool.close()


async def test_cancelled_before_a_thread_began_it_is_not_done(work: Work) -> None:
    pool = HashPool(threads=1, queue=1)
    calls: list[int] = []
    async with anyio.create_task_group() as group:
        group.start_soon(run, pool, work)
        await until(lambda: work.running == 1)
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(run, pool, lambda: calls.append(1))
            await until(lambda: is_full(pool))
            waiting.cancel_scope.cancel()
        assert not is_full(pool)  # its place is free while the other still runs
        assert work.running == 1
        work.go_on.set()
    await run(pool, lambda: calls.append(2))
    assert calls == [2]
    pool.close()


async def test_one_slot_serves_one_hash_after_another_and_none_after_release(work: Work) -> None:
    pool = HashPool(threads=1, queue=0)
    work.go_on.set()
    with pool.reserve() as slot:
        assert await pool.run(work, slot) == 1
        assert await pool.run(work, slot) == 2
        assert is_full(pool)
    assert not is_full(pool)
    with pytest.raises(RuntimeError):
        await pool.run(work, slot)
    assert not is_full(pool)
    pool.close()


async def test_one_slot_does_not_serve_two_at_once(work: Work) -> None:
    pool = HashPool(threads=1, queue=4)
    with pool.reserve() as slot:
        async with anyio.create_task_group() as group:
            group.start_soon(pool.run, work, slot)
            await until(lambda: work.running == 1)
            with pytest.raises(RuntimeError):
                await pool.run(work, slot)
            work.go_on.set()
    pool.close()


async def test_a_failure_gives_the_place_back_and_is_told() -> None:
    pool = HashPool(threads=1, queue=0)

    def fail() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        await run(pool, fail)
    assert not is_full(pool)
    pool.close()


async def test_work_that_is_waiting_at_close_is_done_and_the_threads_end(work: Work) -> None:
    before = hash_threads_alive()
    pool = HashPool(threads=1, queue=1)
    async with anyio.create_task_group() as group:
        group.start_soon(run, pool, work)
        group.start_soon(run, pool, work)
        await until(lambda: work.running == 1)
        pool.close()
        work.go_on.set()
    assert work.done == 2
    await until(lambda: hash_threads_alive() <= before)
    await run(pool, work)  # the next use starts again
    assert work.done == 3
    pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a nice level for each thread")
async def test_hash_threads_step_back_and_the_others_do_not() -> None:
    pool = HashPool(threads=1, queue=0)
    niceness: list[int] = []
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    await run(pool, lambda: niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
    assert niceness == [max(10, before)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    pool.close()


async def test_a_sandbox_that_forbids_it_does_not_break_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    pool = HashPool(threads=1, queue=0)
    results: list[int] = []
    await run(pool, lambda: results.append(1))
    assert results == [1]
    pool.close()
    # a thread that could not be started breaks a ThreadPoolExecutor for ever; this one goes on
    assert not is_full(pool)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_starts_with_a_fresh_pool() -> None:
    pool = HashPool(threads=1, queue=0)
    asyncio.run(run(pool, lambda: None))
    held = pool.reserve()
    held.begin()  # a thread of the parent's works for it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what is tested
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            results: list[int] = []
            held.release()  # must not free a place of the new count
            asyncio.run(run(pool, lambda: results.append(1)))
            with pool.reserve():
                code = 0 if results == [1] and is_full(pool) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert is_full(pool)  # the parent's place is still taken
    held.end()
    held.release()
    pool.close()
