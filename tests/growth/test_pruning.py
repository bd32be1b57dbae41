"""What maintenance takes away, what it leaves, and that one part of it does not keep another from being done."""

import pytest

from gatepost.core.audit import Origin
from gatepost.core.keys import KeyState
from gatepost.core.outbox import Job, Mail, MailKind, enqueue_step
from gatepost.core.outbox.senders import KEPT, DevMailbox, newest_mails
from gatepost.core.runtime import maintain
from gatepost.core.throttle.attempts import Action
from gatepost.core.webhooks.delivery import Delivery
from gatepost.kernel.tasks import end_tasks
from tests.audit.trail import Trail
from tests.harness import running
from tests.webhooks.receiver import receiving
from tests.webhooks.test_webhooks import Told, to

pytestmark = pytest.mark.anyio
DAY_S = 86_400
OUTBOX = "SELECT count(*) FROM gatepost_outbox"


async def test_a_part_of_maintenance_that_fails_keeps_no_other_from_being_done(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        done: list[str] = []

        async def fail() -> int:
            raise RuntimeError

        async def prune() -> int:
            done.append("pruned")
            return 0

        it.core.pruning[:] = [fail, prune]
        await maintain(it.core)
        assert done == ["pruned"]


async def test_a_session_that_was_left_goes_a_week_later_whatever_its_life_would_have_been(database_url: str) -> None:
    async with running(database_url, session_idle=DAY_S, session_lifetime=90 * DAY_S) as it:
        await it.enrolled()
        kept = (await it.signed_in())["refresh_token"]
        for _ in range(9):
            it.clock.advance(DAY_S - 60)
            kept = (await it.refresh(kept)).json()["refresh_token"]
        await maintain(it.core)
        assert it.value("SELECT count(*) FROM gatepost_session") == 1
        assert (await it.refresh(kept)).status_code == 200


async def test_mails_that_never_had_their_turn_are_given_up_after_two_days(database_url: str) -> None:
    async with running(database_url) as it:
        core = it.core
        await end_tasks(core.tasks)
        job = Job(kind=MailKind.ALREADY_REGISTERED, address="ada@example.com")
        await core.database.hot.run(enqueue_step(core.clock, core.keys, job))
        it.clock.advance(2 * DAY_S - 60)
        await maintain(core)
        assert it.value(OUTBOX) == 1
        it.clock.advance(120)
        await maintain(core)
        assert it.value(OUTBOX) == 0


async def test_what_waits_at_an_endpoint_that_is_down_is_given_up_after_two_days(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        for _ in range(3):
            await told.happens()
        house.database.clock.advance(2 * DAY_S - 60)
        assert await told.hooks.prune() == 0
        house.database.clock.advance(120)
        assert (await told.hooks.prune(), await told.hooks.prune(), told.waiting) == (3, 0, 0)
        assert house.sql("SELECT count(*) FROM gatepost_audit WHERE event = 'webhook.failed'") == [(1,)]


async def test_an_endpoint_that_stays_down_is_left_alone_for_longer_each_time(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        receiver.status = 503
        for _ in range(40):
            await told.happens()
        delivery, tried = Delivery(told.hooks.policy), []
        for _ in range(60):  # ten minutes
            while await told.hooks.deliver_one(delivery):
                pass
            house.database.clock.advance(10)
            tried.append(len(receiver.got))
        assert 5 <= tried[-1] <= 8
        receiver.status = 204
        house.database.clock.advance(600)
        while await told.hooks.deliver_one(delivery):
            pass
        assert told.waiting < 8  # those that failed wait for their own next attempt


async def test_keys_go_a_week_after_they_were_removed_and_change_nothing_for_the_others(database_url: str) -> None:
    async with running(database_url) as it:
        keyring, policy = it.core.keyring, it.core.keyring.policy
        succeeded = (policy.publish_ahead_ms + policy.keep_after_ms) // 1000
        await keyring.rotate()
        await keyring.rotate(immediately=True)
        it.clock.advance(succeeded)
        last = await keyring.rotate()
        it.clock.advance(succeeded + 7 * DAY_S - 800)  # of those before the immediate one, a week has passed
        assert await keyring.prune() == 2
        assert await keyring.prune() == 0
        await keyring.load()
        states = [KeyState.REMOVED, KeyState.ACTIVE]
        assert [(row.sequence, state) for row, state in keyring.listing()] == list(zip((3, 4), states, strict=True))
        assert keyring.signer().kid == last
        await it.enrolled()
        it.clock.advance(800)
        assert await keyring.prune() == 1
        await keyring.rotate()
        assert [row.sequence for row, _ in keyring.listing()] == [4, 5]


async def test_the_development_mailbox_keeps_the_newest(database_url: str) -> None:
    async with running(database_url) as it:
        mailbox = DevMailbox(it.core.database)
        for number in range(KEPT + 5):
            await mailbox.send(Mail("<1@localhost>", "ada@example.com", str(number), "words"))
            it.clock.advance(0.001)  # ids of one millisecond have no order
        await maintain(it.core)
        assert it.value("SELECT count(*) FROM gatepost_dev_mail") == KEPT
        assert (await newest_mails(it.core.database))[0][2] == str(KEPT + 4)


async def test_budgets_that_a_process_counts_for_itself_are_forgotten_when_they_are_whole(sqlite_url: str) -> None:
    async with running(sqlite_url, budgets={"refresh.address": "2/60"}) as it:
        for number in range(5):
            await it.core.attempts.spend(Action.REFRESH, Origin(ip=f"192.0.2.{number}"))
        assert await it.core.attempts.prune() == 0
        it.clock.advance(61)
        assert await it.core.attempts.prune() == 5
