"""The stream at the server: who gets it, what it says, and what ends it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from gatepost.kernel.changes import Change, ChangeKind
from gatepost.kernel.revocations import Beat, Event, Part, Snapshot
from gatepost.trust.event_lines import EventLines
from tests.backends import PostgresServer
from tests.harness import PASSWORD, Caller, ServedProcess, bearer, eventually
from tests.revocations.following import CLIENT, ISSUER, SECRET, principal_of, serving

pytestmark = pytest.mark.anyio


class Reader:
    """Reads one stream as it comes."""

    def __init__(self, response: httpx2.Response) -> None:
        self.headers = response.headers
        self.events: list[Event] = []
        self.is_over = False
        self._response = response

    async def read(self) -> None:
        lines = EventLines()
        try:
            async for line in self._response.aiter_lines():
                event = lines.feed(line.encode())
                if event is not None:
                    self.events.append(event)
        except httpx2.TransportError:
            pass
        self.is_over = True

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until_beat(self) -> None:
        """Wait for a beat from now on."""
        before = len(self.of(Beat))

        async def has_come() -> bool:
            return len(self.of(Beat)) > before

        await eventually(has_come, within=10)

    async def until_over(self, within: float = 10) -> None:
        async def is_over() -> bool:
            return self.is_over

        await eventually(is_over, within=within)


@asynccontextmanager
async def reading(process: ServedProcess, nonce: str = "n") -> AsyncIterator[Reader]:
    async with (
        process.client() as client,
        client.stream("GET", "/auth/revocations", params={"nonce": nonce}, auth=(CLIENT, SECRET)) as response,
    ):
        assert response.status_code == 200
        reader = Reader(response)
        task = asyncio.create_task(reader.read())
        yield reader
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_says_what_is_over_then_each_change_and_beats(database_url: str) -> None:
    with serving(database_url, 2) as (one, other):
        async with one.client() as client, other.client() as elsewhere:
            caller = Caller(client)
            before, later = await caller.enrolled(), await caller.signed_in()
            assert (await caller.logout(before["access_token"])).status_code == 204
            async with reading(one) as reader:
                await reader.until_beat()
                first, part = reader.events[0], reader.events[1]
                assert isinstance(first, Snapshot)
                assert (first.issuer, first.nonce) == (ISSUER, "n")
                assert abs(first.date - time.time() * 1000) < 30_000
                assert isinstance(part, Part)
                session = principal_of(before["access_token"]).session_id
                assert session in {change.subject for change in part.changes}
                assert (await Caller(elsewhere).logout(later["access_token"])).status_code == 204
                await reader.until_beat()
                await reader.until_beat()
                [changed] = {change.subject for change in reader.of(Change) if isinstance(change, Change)}
                assert changed == principal_of(later["access_token"]).session_id
                beats = [beat.read for beat in reader.of(Beat) if isinstance(beat, Beat)]
                assert beats == sorted(beats)
                assert beats[-1] >= first.received
                assert reader.headers["content-type"] == "text/event-stream"
                assert reader.headers["cache-control"] == "no-store, no-transform"
                assert reader.headers["x-accel-buffering"] == "no"
                assert "content-encoding" not in reader.headers


async def test_it_says_nothing_of_profiles_and_roles(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        async with process.client() as client, reading(process) as reader:
            tokens = await Caller(client).enrolled()
            answer = await client.patch("/auth/me", json={"full_name": "A"}, headers=bearer(tokens["access_token"]))
            assert answer.status_code == 200
            await reader.until_beat()
            await reader.until_beat()
            assert reader.of(Change) == []


async def test_a_change_of_password_tells_the_user_s_epoch(database_url: str) -> None:
    with serving(database_url) as (process,):
        async with process.client() as client, reading(process) as reader:
            tokens = await Caller(client).enrolled()
            who = principal_of(tokens["access_token"])
            change = {"current_password": PASSWORD, "new_password": f"{PASSWORD} anew"}
            answer = await client.post("/auth/password/change", json=change, headers=bearer(tokens["access_token"]))
            assert answer.status_code < 300, answer.text
            await reader.until_beat()
            await reader.until_beat()
            told = [change for change in reader.of(Change) if isinstance(change, Change)]
            assert any(
                (change.kind, change.subject) == (ChangeKind.USER_EPOCH, who.user_id)
                and change.epoch is not None
                and change.epoch > who.epoch
                for change in told
            )


@pytest.mark.postgres
async def test_without_its_database_it_ends_within_the_server_s_bound_and_beats_no_more(
    postgres_url: str, postgres_server: PostgresServer
) -> None:
    with serving(postgres_url) as (process,):
        async with reading(process) as reader:
            await reader.until_beat()
            postgres_server.stop()
            await reader.until_over(within=6)
            last = reader.events[-1]
            assert isinstance(last, Beat)
        async with process.client() as client:
            refused = await client.get("/auth/revocations", auth=(CLIENT, SECRET))
            assert refused.status_code == 503
        postgres_server.start()

        async def is_back() -> bool:
            try:
                async with reading(process) as reader:
                    await reader.until_beat()
            except AssertionError:
                return False
            return True

        await eventually(is_back, within=15)


async def test_a_stop_of_the_server_is_not_held_up_by_open_streams(sqlite_url: str) -> None:
    with serving(sqlite_url) as (process,):
        async with reading(process) as one, reading(process) as other:
            await one.until_beat()
            await other.until_beat()
            began = time.monotonic()
            await asyncio.to_thread(process.stop)
            assert time.monotonic() - began < 4, "5 s is what uvicorn was told to wait for at most"
            await one.until_over(within=1)
            await other.until_over(within=1)
        assert "Cancel" not in process.log()
        assert "Traceback" not in process.log()


async def test_one_stream_too_many_ends_the_oldest_of_that_client(sqlite_url: str) -> None:
    from gatepost.features.revocations.followers import MAX_STREAMS, Followers

    followers, held = Followers(2), []
    for _ in range(4):
        context = followers.one_more("a")
        held.append((context, context.__enter__()))
    with followers.one_more("b") as stranger:
        assert [follower.is_over for _, follower in held] == [True, True, False, False]
        assert not stranger.is_over
        assert len(followers) == 3
    for context, _ in held:
        context.__exit__(None, None, None)
    assert len(followers) == 0
    assert MAX_STREAMS >= 64


async def test_a_reader_that_falls_behind_is_let_go_and_not_left_with_a_hole() -> None:
    import uuid

    from gatepost.features.revocations import followers
    from gatepost.features.revocations.followers import Follower

    slow = Follower()
    for _ in range(followers.MAX_WAITING + 1):
        slow.hear(Change(ChangeKind.SESSION_ENDED, uuid.uuid4(), None, 1))
    assert slow.is_over
    assert slow.take() == []
    slow.hear(Change(ChangeKind.SESSION_ENDED, uuid.uuid4(), None, 1))
    assert slow.take() == []


async def test_a_gap_in_the_feed_ends_a_stream() -> None:
    from gatepost.features.revocations.followers import Follower

    follower = Follower()
    follower.hear(Change(ChangeKind.USER_CHANGED, None, None, 1))
    assert not follower.woken.is_set()
    follower.hear(Change(ChangeKind.GAP, None, None, 0))
    assert follower.is_over


async def test_a_reader_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    from gatepost.web import event_stream
    from gatepost.web.event_stream import EventStream

    monkeypatch.setattr(event_stream, "TAKEN_WITHIN_S", 0.05)
    is_closed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            is_closed.set()

    async def send(message: object) -> None:
        if isinstance(message, dict) and message["type"] == "http.response.body":
            await asyncio.sleep(3600)

    async def receive() -> dict[str, str]:
        await asyncio.sleep(3600)
        return {}

    async with asyncio.timeout(5):
        await EventStream(pieces())({"type": "http"}, receive, send)
    assert is_closed.is_set()


async def test_a_reader_that_is_gone_ends_its_stream() -> None:
    from gatepost.web.event_stream import EventStream

    is_closed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await asyncio.sleep(3600)
        finally:
            is_closed.set()

    async def send(_: object) -> None:
        return

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async with asyncio.timeout(5):
        await EventStream(pieces())({"type": "http"}, receive, send)
    assert is_closed.is_set()
