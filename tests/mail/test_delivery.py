"""From a commit to a mail server: at least once, with one Message-ID, whatever fails in between."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gatepost import Gatepost
from gatepost.core.outbox import Job, MailKind, enqueue_step, worker
from gatepost.core.outbox.domain import BACK_OFF_S
from tests.backends import free_port, is_answered
from tests.harness import PASSWORD, Caller, eventually, query, served, settings
from tests.mail.server import ACCEPTED, MailServer, authority, hang_up, mail_server

pytestmark = pytest.mark.anyio
EMAIL = "ada@example.com"


@asynccontextmanager
async def posting(database_url: str, server: MailServer, **changes: object) -> AsyncIterator[Gatepost[Any]]:
    """Run a Gatepost that mails by this server."""
    own = settings(
        database_url, smtp_url=server.url(), smtp_ca_file=server.ca_file, email_verification="off", **changes
    )
    gate: Gatepost[Any] = Gatepost(own)
    async with gate.lifespan():
        yield gate


async def enqueue(gate: Gatepost[Any], *kinds: MailKind) -> None:
    """Enqueue mails to a user in one transaction."""
    user = await gate.users.find(EMAIL) or await gate.create_user(email=EMAIL, password=PASSWORD)
    assert user is not None
    core = gate.core
    await core.database.hot.run(
        *(enqueue_step(core.clock, core.keys, Job(kind=kind, user_id=user.id)) for kind in kinds)
    )


async def until(is_so: Callable[[], bool], within: float = 15) -> None:
    async def asked() -> bool:
        return is_so()

    await eventually(asked, within)


def waiting(database_url: str) -> list[int]:
    """Return the attempts of each job that is left."""
    return [row[0] for row in query(database_url, "SELECT attempts FROM gatepost_outbox")]


def postponed(database_url: str) -> bool:
    return query(database_url, "SELECT count(*) FROM gatepost_outbox WHERE attempts > 0 AND leased_until = 0") == [(1,)]


async def test_what_is_committed_is_mailed_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_POLL_S", 60.0)
    async with mail_server() as server, posting(database_url, server) as gate:
        for number in (1, 2):  # the second comes when the worker waits already
            await enqueue(gate, MailKind.NEW_DEVICE)
            await until(lambda number=number: len(server.received) == number, within=10)  # type: ignore[misc]
        await until(lambda: waiting(database_url) == [])
    assert server.received[0]["Subject"] == "A sign-in to localhost from a new device"
    assert server.received[0]["X-Rcpt"] == EMAIL


@pytest.mark.parametrize("mood", ["451 4.3.0 later", hang_up], ids=["refused for now", "cut off in the middle of DATA"])
async def test_what_failed_is_sent_again_with_the_same_message_id(
    database_url: str, mood: str | Callable[[MailServer], Awaitable[str]]
) -> None:
    async with mail_server() as server, posting(database_url, server) as gate:
        server.moods = [mood]
        await enqueue(gate, MailKind.PASSWORD_CHANGED)
        await until(lambda: len(server.seen) == 1 and postponed(database_url))
        gate.clock.advance(BACK_OFF_S[0] - 2)
        assert not await worker.OutboxWorker(gate.core.database, gate.core.keys, gate.core.desk, None).send_one()  # type: ignore[arg-type]
        gate.clock.advance(2)
        await until(lambda: len(server.seen) == 2 and waiting(database_url) == [])
    first, second = server.seen
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()  # type: ignore[union-attr]


async def test_a_server_that_comes_late_is_waited_for(sqlite_url: str, tmp_path: Path) -> None:
    ca, absent = authority(), MailServer(port=free_port(), ca_file=str(tmp_path / "ca.pem"))
    ca.cert_pem.write_to_path(absent.ca_file)
    async with posting(sqlite_url, absent) as gate:
        await enqueue(gate, MailKind.NEW_DEVICE)
        await until(lambda: postponed(sqlite_url))
        async with mail_server(ca=ca, port=absent.port) as server:
            gate.clock.advance(BACK_OFF_S[0])
            await until(lambda: waiting(sqlite_url) == [])
    assert len(server.received) == 1


async def test_a_recipient_that_does_not_exist_is_dropped_and_not_named(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server() as server, posting(sqlite_url, server) as gate:
        server.on_recipient = "550 5.1.1 {address} does not exist"
        await enqueue(gate, MailKind.NEW_DEVICE)
        await until(lambda: waiting(sqlite_url) == [])
    (record,) = [record for record in caplog.records if record.name == "gatepost.outbox"]
    assert record.levelno == logging.ERROR
    assert "refused for good (550)" in record.getMessage()
    assert EMAIL not in caplog.text


async def test_after_seven_retries_a_mail_is_given_up_without_a_word_of_it_in_the_log(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with mail_server() as server, posting(sqlite_url, server) as gate:
        server.on_recipient = "450 4.2.1 {address} is busy"
        await enqueue(gate, MailKind.PASSWORD_CHANGED)
        for attempts, wait in enumerate(BACK_OFF_S, 1):
            await until(lambda attempts=attempts: waiting(sqlite_url) == [attempts] and postponed(sqlite_url))  # type: ignore[misc]
            gate.clock.advance(wait)
        await until(lambda: waiting(sqlite_url) == [])
    own = [record for record in caplog.records if record.name == "gatepost.outbox"]
    assert [record.levelno for record in own] == [logging.WARNING] * len(BACK_OFF_S) + [logging.ERROR]
    assert "given up after 8 attempts" in own[-1].getMessage()
    for word in (EMAIL, "busy", "Your password", "token="):
        assert word not in caplog.text


async def test_two_workers_send_each_mail_once(database_url: str) -> None:
    kinds = (MailKind.NEW_DEVICE, MailKind.PASSWORD_CHANGED, MailKind.API_KEY_MADE, MailKind.EMAIL_CHANGED) * 3
    async with mail_server() as server, AsyncExitStack() as stack:
        gates = [await stack.enter_async_context(posting(database_url, server)) for _ in range(2)]
        await asyncio.gather(*(enqueue(gate, *kinds) for gate in gates[:1]))
        await until(lambda: waiting(database_url) == [])
    ids = [message["Message-ID"] for message in server.received]
    assert len(ids) == len(kinds)
    assert len(set(ids)) == len(ids)


async def test_a_worker_killed_between_sending_and_removing_sends_again_with_the_same_message_id(
    database_url: str,
) -> None:
    async with mail_server() as server:
        with served(database_url, smtp_url=server.url(), smtp_ca_file=server.ca_file) as (process,):

            async def kill(_: MailServer) -> str:
                await asyncio.shield(asyncio.to_thread(process.kill))  # its end ends this handler too
                return ACCEPTED  # nobody hears it

            server.moods = [kill]
            async with process.client() as client:
                assert (await Caller(client).register(EMAIL)).status_code == 201
                await until(
                    lambda: len(server.seen) == 1 and not is_answered(f"{process.url}/auth/.well-known/jwks.json")
                )
            assert waiting(database_url) == [1]
            await asyncio.to_thread(process.start)
            assert len(server.seen) == 1  # the dead worker's lease still holds
            query(database_url, "UPDATE gatepost_outbox SET leased_until = 0")  # a minute later
            await until(lambda: waiting(database_url) == [])
    first, second = server.seen
    assert first["Message-ID"] == second["Message-ID"]
    assert first["X-Rcpt"] == second["X-Rcpt"] == EMAIL
    link = first.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert link == second.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "#token=" in link
