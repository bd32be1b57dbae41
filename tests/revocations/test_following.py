"""Following a server in processes of its own, over a network that fails: what ended there is refused here in time.

Every test measures by the clock on the wall: from the answer to the sign-out, either it is refused here within the
bound, or nothing is decided here (503) until it is.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

import pytest

from gatepost.core.changes.store import change_steps
from gatepost.kernel.changes import Change, ChangeKind
from gatepost.kernel.clock import Clock
from gatepost.trust.issuer import IssuerUnavailable
from gatepost.trust.revocations import Revocations
from tests.backends import PostgresServer
from tests.harness import Caller, ServedProcess, eventually, running
from tests.revocations.following import BOUND, following, principal_of, serving
from tests.revocations.wire import Wire, wire_to

pytestmark = pytest.mark.anyio


async def until_fresh(feed: Revocations, within: float = 15) -> None:
    async def is_fresh() -> bool:
        return feed.is_fresh()

    await eventually(is_fresh, within=within)


async def until_stale(feed: Revocations, within: float) -> None:
    async def is_stale() -> bool:
        return not feed.is_fresh()

    await eventually(is_stale, within=within)


async def assert_refused_in_time(feed: Revocations, token: str, ended_at: float) -> float:
    """Ask like requests do until it is refused for certain; nobody is let in once the bound has passed."""
    principal = principal_of(token)
    while True:
        asked_at = time.monotonic()
        if feed.is_fresh():
            if feed.refuses(principal):
                return asked_at - ended_at
            assert asked_at - ended_at < BOUND, "let in after the bound"
        assert asked_at - ended_at < 30, "never refused"
        await asyncio.sleep(0.002)


async def signed_out(process: ServedProcess, token: str) -> float:
    """Sign out at the server, and return when it had answered."""
    async with process.client() as client:
        assert (await Caller(client).logout(token)).status_code == 204
    return time.monotonic()


async def token_of(process: ServedProcess) -> str:
    async with process.client() as client:
        caller = Caller(client)
        await caller.register()
        token: str = (await caller.signed_in())["access_token"]
        return token


async def test_what_ends_at_one_of_two_servers_is_refused_by_who_follows_the_other(database_url: str) -> None:
    with serving(database_url, 2) as (one, other):
        async with following(other.url) as feed:
            await until_fresh(feed)
            for _ in range(5):
                token = await token_of(one)
                assert not feed.refuses(principal_of(token))
                took = await assert_refused_in_time(feed, token, await signed_out(one, token))
                assert took < BOUND


async def test_what_ended_before_it_followed_or_while_it_did_not_is_refused(database_url: str) -> None:
    with serving(database_url) as (process,):
        async with wire_to(process.port) as wire, following(wire.url) as feed:
            await until_fresh(feed)
            token = await token_of(process)
            wire.is_lost = True
            await signed_out(process, token)
            await until_stale(feed, within=BOUND + 1)
            assert not feed.refuses(principal_of(token)), "nobody has told"
            wire.is_lost = False
            await until_fresh(feed)
            assert feed.refuses(principal_of(token))
        async with following(process.url) as later:
            await until_fresh(later)
            assert later.refuses(principal_of(token))


async def delayed(wire: Wire) -> None:
    wire.delay = 1.0


async def held_back(wire: Wire) -> None:
    wire.hold()


async def lost(wire: Wire) -> None:
    wire.is_lost = True


async def cut(wire: Wire) -> None:
    wire.cut()


@pytest.mark.parametrize("worsen", [delayed, held_back, lost, cut])
async def test_whatever_the_network_does_nobody_is_let_in_after_the_bound(
    sqlite_url: str, worsen: Callable[[Wire], Awaitable[None]]
) -> None:
    with serving(sqlite_url) as (process,):
        async with wire_to(process.port) as wire, following(wire.url) as feed:
            await until_fresh(feed)
            token = await token_of(process)
            await worsen(wire)
            refused = asyncio.create_task(assert_refused_in_time(feed, token, await signed_out(process, token)))
            await asyncio.sleep(BOUND * 1.5)
            if worsen is held_back:
                assert not feed.is_fresh()
                wire.release()
            if worsen is lost:
                assert not feed.is_fresh()
                wire.is_lost = False
            await refused
            await until_fresh(feed)


async def test_a_network_that_is_slower_than_the_bound_lets_nobody_in_at_all(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        async with wire_to(process.port) as wire, following(wire.url) as feed:
            wire.delay = BOUND + 0.5
            await asyncio.sleep(3 * BOUND)
            assert not feed.is_fresh()
            assert wire.kept, "beats do come"
            with pytest.raises(IssuerUnavailable):
                await feed.freshen()


async def test_a_half_open_connection_is_replaced_before_the_bound_has_passed(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        async with wire_to(process.port) as wire, following(wire.url, bound=6) as feed:
            await until_fresh(feed)
            wire.is_lost = True
            before = wire.connections
            await asyncio.sleep(0.1)
            wire.is_lost = False  # for new connections; what was sent on the old one is gone
            wire.hold()

            async def is_replaced() -> bool:
                return wire.connections > before

            await eventually(is_replaced, within=5)
            assert feed.is_fresh()


async def test_an_answer_that_was_kept_and_replayed_is_not_believed(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        async with wire_to(process.port) as wire:
            async with following(wire.url) as feed:
                await until_fresh(feed)
            token = await token_of(process)
            wire.replay = bytes(wire.kept)
            assert b"event: beat" in wire.replay
            await signed_out(process, token)
            async with following(wire.url) as deceived:
                await asyncio.sleep(BOUND)
                assert wire.connections > 2
                assert not deceived.is_fresh()
                wire.replay = None
                await until_fresh(deceived)
                assert deceived.refuses(principal_of(token))


async def test_a_server_that_is_killed_and_comes_back_has_told_everything(database_url: str) -> None:
    with serving(database_url) as (process,):
        async with following(process.url) as feed:
            await until_fresh(feed)
            token, kept = await token_of(process), await token_of(process)
            ended_at = await signed_out(process, token)
            await asyncio.to_thread(process.kill)
            refused = asyncio.create_task(assert_refused_in_time(feed, token, ended_at))
            await until_stale(feed, within=BOUND + 1)
            with pytest.raises(IssuerUnavailable):
                await feed.freshen()
            await asyncio.to_thread(process.start)
            await until_fresh(feed)
            await refused
            assert not feed.refuses(principal_of(kept))


@pytest.mark.postgres
async def test_a_database_that_is_restarted_costs_answers_and_lets_nobody_in(
    postgres_url: str, postgres_server: PostgresServer
) -> None:
    with serving(postgres_url, 2) as (one, other):
        async with following(other.url) as feed:
            await until_fresh(feed)
            token = await token_of(one)
            postgres_server.stop()
            await until_stale(feed, within=BOUND + 3)
            postgres_server.start()

            async def is_ended() -> bool:
                async with one.client() as client:
                    return (await Caller(client).logout(token)).status_code == 204

            await eventually(is_ended, within=20)
            await assert_refused_in_time(feed, token, time.monotonic())
            await until_fresh(feed)


async def test_a_burst_of_a_thousand_changes_is_told_within_the_bound(database_url: str) -> None:
    sessions = [uuid.uuid4() for _ in range(1_000)]
    with serving(database_url) as (process,):
        async with following(process.url) as feed, running(database_url) as other:
            await until_fresh(feed)
            until = other.clock.now_ms() + 600_000
            changes = [Change(ChangeKind.SESSION_ENDED, session, None, until) for session in sessions]
            steps = [step for change in changes for step in change_steps(other.core.database, change)]
            await other.core.database.hot.run(*steps)
            ended_at = time.monotonic()

            async def is_told() -> bool:
                return feed.is_fresh() and feed.index.ended.keys() >= set(sessions)

            await eventually(is_told, within=BOUND)
            assert time.monotonic() - ended_at < BOUND


async def test_a_stepped_clock_here_refuses_to_decide_until_it_is_right(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(sqlite_url) as (process,):
        clock = Clock()
        async with following(process.url, clock=clock) as feed:
            await until_fresh(feed)
            token = await token_of(process)
            now_ms = Clock.now_ms
            monkeypatch.setattr(Clock, "now_ms", lambda self: now_ms(self) - 3_600_000)
            assert not feed.is_fresh()
            with pytest.raises(IssuerUnavailable):
                await feed.freshen()
            monkeypatch.setattr(Clock, "now_ms", lambda self: now_ms(self) + 3_600_000)
            await assert_refused_in_time(feed, token, await signed_out(process, token))
            monkeypatch.setattr(Clock, "now_ms", now_ms)
            await until_fresh(feed)
            assert feed.refuses(principal_of(token))


async def test_a_machine_that_slept_knows_that_what_it_holds_is_old(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        clock = Clock()
        async with wire_to(process.port) as wire, following(wire.url, clock=clock) as feed:
            await until_fresh(feed)
            clock.advance(60)
            assert not feed.is_fresh()
            await until_fresh(feed)


async def test_everybody_who_waits_is_let_go_by_one_beat_or_refused_together(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        async with wire_to(process.port) as wire, following(wire.url) as feed:
            await until_fresh(feed)
            wire.hold()
            await until_stale(feed, within=BOUND + 1)
            waiting = [asyncio.create_task(feed.freshen()) for _ in range(200)]
            await asyncio.sleep(0.05)
            wire.release()
            done = await asyncio.gather(*waiting, return_exceptions=True)
            assert set(map(type, done)) <= {type(None), IssuerUnavailable}
            await until_fresh(feed)
            await feed.freshen()
