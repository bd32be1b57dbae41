"""Webhooks, from the event to the receiver: signed so that others verify it, once enqueued, delivered until taken."""

import asyncio
import base64
import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gatepost import ConfigurationError
from gatepost.core.audit import AuditEvent
from gatepost.core.outbox.domain import BACK_OFF_S
from gatepost.core.webhooks.delivery import Delivery
from gatepost.core.webhooks.domain import EVENTS, Endpoint, WebhookPolicy
from gatepost.core.webhooks.worker import Webhooks
from tests.audit.trail import Trail, trail
from tests.harness import eventually, running, settings
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio
SECRET, OLD = (b"a secret of webhooks, 0123456789", b"the secret before it, 0123456789")
WAITING = "SELECT count(*) FROM gatepost_outbox WHERE channel = 'webhook'"


def text(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def to(receiver: Receiver, *events: str, secrets: tuple[bytes, ...] = (SECRET,)) -> Endpoint:
    return Endpoint(f"http://localhost:{receiver.port}/hook?x=1", secrets, frozenset(events))


def policy(*endpoints: Endpoint) -> WebhookPolicy:
    return WebhookPolicy(endpoints=endpoints, allows_private=True, allows_http=True)


class Told:
    """A trail whose events are told to receivers."""

    def __init__(self, house: Trail, *endpoints: Endpoint) -> None:
        self.house = house
        self.hooks = Webhooks(house.database, house.keys, policy(*endpoints))
        self.delivery = Delivery(self.hooks.policy)

    async def happens(self, event: AuditEvent = AuditEvent.USER_DISABLED, **more: Any) -> None:  # noqa: ANN401
        await self.house.write(1, event, **more)
        await self.house.seal(self.house.sealer(self.hooks.follow))

    async def deliver(self) -> int:
        count = 0
        while await self.hooks.deliver_one(self.delivery):
            count += 1
        return count

    @property
    def waiting(self) -> int:
        return int(self.house.sql(WAITING)[0][0])


async def test_what_arrives_is_verified_by_the_standard_s_own_library(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        user, admin = uuid.uuid4(), uuid.uuid4()
        await told.happens(AuditEvent.ROLE_GRANTED, subject_id=user, actor_id=admin, detail={"role": "editor"})
        assert await told.deliver() == 1
        (got,) = receiver.got
        assert got.line == "POST /hook?x=1 HTTP/1.1"
        assert got.headers["host"] == f"localhost:{receiver.port}"
        message = Webhook(text(SECRET)).verify(got.body, got.headers)
        assert message["type"] == "role.granted"
        assert message["version"] == 1
        assert message["data"]["user_id"] == str(user)
        assert message["data"]["actor_id"] == str(admin)
        assert message["data"]["role"] == "editor"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["timestamp"])
        with pytest.raises(WebhookVerificationError):
            Webhook(text(OLD)).verify(got.body, got.headers)
        assert told.waiting == 0


async def test_while_the_secret_changes_both_are_good(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver, secrets=(SECRET, OLD)))
        await told.happens()
        await told.deliver()
        for secret in (SECRET, OLD):
            Webhook(text(secret)).verify(receiver.got[0].body, receiver.got[0].headers)


async def test_an_endpoint_is_told_what_it_asks_for_and_never_what_is_not_told(house: Trail) -> None:
    async with receiving() as some, receiving() as every:
        told = Told(house, to(some, "user.deleted"), to(every))
        for event in AuditEvent:
            await told.happens(event)
        await told.deliver()
        assert [json.loads(got.body)["type"] for got in some.got] == ["user.deleted"]
        assert sorted(json.loads(got.body)["type"] for got in every.got) == sorted(EVENTS)


async def test_details_addresses_and_agents_stay_here(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        await told.happens(AuditEvent.EMAIL_CHANGED, detail={"from": "canary@example.com", "role": "x"})
        await told.deliver()
        assert b"canary" not in receiver.got[0].body
        assert set(json.loads(receiver.got[0].body)["data"]) == {"id", "user_id", "actor_id", "session_id"}


async def test_a_failure_is_tried_again_with_the_same_id_until_it_is_taken(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        receiver.status = 500
        await told.happens()
        for seconds in BACK_OFF_S[:3]:
            assert await told.deliver() == 1
            assert await told.deliver() == 0
            house.database.clock.advance(seconds + 1)
        receiver.status = 200
        assert await told.deliver() == 1
        assert len(receiver.got) == 4
        assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
        assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == 4
        assert told.waiting == 0


async def test_it_is_given_up_after_the_last_attempt_and_that_stands_in_the_trail(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        receiver.status = 503
        await told.happens()
        for seconds in (*BACK_OFF_S, 0):
            await told.deliver()
            house.database.clock.advance(seconds + 6)
        assert (len(receiver.got), told.waiting) == (len(BACK_OFF_S) + 1, 0)
        detail = json.loads(house.sql("SELECT detail FROM gatepost_audit WHERE event = 'webhook.failed'")[0][0])
        assert (detail["attempts"], detail["reason"]) == (len(BACK_OFF_S) + 1, "status 503")
        assert "localhost" not in json.dumps(detail)


async def test_an_endpoint_that_is_gone_is_told_nothing_more_until_it_is_configured_anew(house: Trail) -> None:
    async with receiving() as receiver:
        told = Told(house, to(receiver))
        receiver.status = 410
        await told.happens()
        await told.happens()
        assert await told.deliver() == 2
        assert (len(receiver.got), told.waiting) == (1, 0)
        assert house.sql("SELECT count(*) FROM gatepost_audit WHERE event = 'webhook.stopped'")[0][0] == 1
        receiver.status = 204
        anew = Told(house, to(receiver, secrets=(OLD,)))
        await anew.happens()
        await anew.deliver()
        assert len(receiver.got) == 2


async def test_an_endpoint_that_is_down_costs_the_others_no_time_and_itself_no_attempts(house: Trail) -> None:
    async with receiving() as down, receiving() as up:
        down.status = 500
        told = Told(house, to(down), to(up))
        for _ in range(5):
            await told.happens()
        await told.deliver()
        assert (len(down.got), len(up.got)) == (1, 5)
        attempts = house.sql("SELECT attempts FROM gatepost_outbox ORDER BY attempts")
        assert attempts == [(0,), (0,), (0,), (0,), (1,)]


async def test_who_is_not_configured_any_more_is_not_told_any_more(house: Trail) -> None:
    async with receiving() as receiver:
        await Told(house, to(receiver)).happens()
        assert await Told(house).deliver() == 1
        assert (receiver.got, int(house.sql(WAITING)[0][0])) == ([], 0)


async def test_what_waits_is_sealed(house: Trail) -> None:
    async with receiving() as receiver:
        user = uuid.uuid4()
        told = Told(house, to(receiver))
        await told.happens(subject_id=user)
        sealed = bytes(house.sql("SELECT sealed FROM gatepost_outbox")[0][0])
        assert str(user).encode() not in sealed
        assert b"user.disabled" not in sealed


async def test_two_workers_deliver_each_message_once(database_url: str) -> None:
    async with trail(database_url) as one, trail(database_url) as other, receiving() as receiver:
        first, second = Told(one, to(receiver)), Told(other, to(receiver))
        for _ in range(8):
            await first.happens()
        other.database.clock.offset_ms = one.database.clock.offset_ms
        await asyncio.gather(*(told.deliver() for told in (first, second) for _ in range(3)))
        assert len(receiver.got) == len({got.headers["webhook-id"] for got in receiver.got}) == 8


async def test_a_running_gatepost_tells_of_a_sign_up(database_url: str) -> None:
    async with receiving() as receiver:
        one = {"url": f"http://127.0.0.1:{receiver.port}/", "secret": text(SECRET), "events": ["user.registered"]}
        async with running(database_url, webhooks=[one], webhooks_reach_private_networks=True) as house:
            await house.enrolled()

            async def is_told() -> bool:
                return len(receiver.got) == 1

            await eventually(is_told, within=10)
            message = Webhook(text(SECRET)).verify(receiver.got[0].body, receiver.got[0].headers)
            subject = house.value("SELECT subject_id FROM gatepost_audit WHERE event = 'user.registered'")
            assert uuid.UUID(message["data"]["user_id"]) == uuid.UUID(str(subject))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "ftp://example.com"}, "must be https"),
        ({"url": "https://"}, "must be https"),
        ({"url": "https://user:password@example.com"}, "must be https"),
        ({"url": "https://example.com:99999"}, "must be https"),
        ({"secret": "0123456789" * 5}, "whsec_"),
        ({"secret": "whsec_c2hvcnQ="}, "whsec_"),
        ({"secret": "whsec_!!!"}, "whsec_"),
        ({"previous_secret": "whsec_"}, "whsec_"),
        ({"events": ["no.such"]}, "no.such"),
        ({"events": ["login.failed"]}, "login.failed"),
    ],
)
async def test_an_endpoint_that_cannot_be_does_not_start(sqlite_url: str, change: dict[str, Any], words: str) -> None:
    one = {"url": "https://example.com/hook", "secret": text(SECRET), **change}
    with pytest.raises(ConfigurationError, match=words) as refused:
        settings(sqlite_url, webhooks=[one]).core_policy()
    assert text(SECRET) not in str(refused.value)


async def test_production_speaks_https_only(sqlite_url: str) -> None:
    one = {"url": "http://example.com/hook", "secret": text(SECRET)}
    house = {"env": "production", "public_url": "https://id.house.test", "secret": "0123456789abcdef" * 4}
    with pytest.raises(ConfigurationError, match="must be https"):
        settings(sqlite_url, webhooks=[one], **house).webhook_policy()
    settings(sqlite_url, webhooks=[one]).webhook_policy()


def test_every_event_is_on_the_page_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", page, re.MULTILINE)) == EVENTS
