"""A sign-in from a device that its user has not used before is told, once; the first device of all is not."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from gatepost.core.audit import Origin
from gatepost.core.login.flow import Wanted
from gatepost.core.sessions.domain import SessionKind
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import mint_device, read_device
from gatepost.storage.unit_of_work import unit_of_work
from tests.harness import EMAIL, PASSWORD, Running, eventually, query, running
from tests.recovery.mailing import token

pytestmark = pytest.mark.anyio
NEW = "SELECT count(*) FROM gatepost_audit WHERE event = 'login.new_device'"
COOKIE = "gatepost-device"
QUIET: dict[str, Any] = {"email_verification": "off"}  # no other mail is sent


async def sign_in(browser: httpx2.AsyncClient, email: str = EMAIL) -> httpx2.Response:
    answer = await browser.post("/auth/login", json={"identifier": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return answer


def wanted(device: str | None, ip: str = "192.0.2.1", agent: str = "test") -> Wanted:
    return Wanted(
        kind=SessionKind.TOKEN, client_id="gatepost", scope="", origin=Origin(ip=ip, user_agent=agent), device=device
    )


async def user_id_of(it: Running, email: str = EMAIL) -> uuid.UUID:
    user = await it.gate.users.find(email)
    assert user is not None
    return user.id


async def mails_of(it: Running, count: int) -> list[str]:
    async def are_there() -> bool:
        return len(it.mails.sent) >= count

    await eventually(are_there, within=5)
    return [mail.body for mail in it.mails.sent]


async def test_the_first_device_is_no_news_and_the_second_is(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        await sign_in(it.client)
        assert it.value(NEW) == 0
        async with it.browser() as other:
            await sign_in(other)
            assert it.value(NEW) == 1
            await sign_in(other)
            assert it.value(NEW) == 1
        (body,) = await mails_of(it, 1)
        assert "127.0.0.1" in body
        assert datetime.now(UTC).strftime("%Y-%m-%d") in body
        assert "not-me#token=gpp_" in body


async def test_a_browser_keeps_its_device_cookie_and_two_people_may_share_it(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        for email in (EMAIL, "bob@example.com"):
            await it.register(email)
            await sign_in(it.client, email)
        cookie = it.client.cookies[COOKIE]
        await sign_in(it.client)
        assert it.client.cookies[COOKIE] == cookie
        assert it.value("SELECT count(*) FROM gatepost_device") == 2
        assert it.value("SELECT count(DISTINCT device) FROM gatepost_device") == 1
        for email in (EMAIL, "bob@example.com"):
            assert await it.core.devices.device_of(cookie, await user_id_of(it, email)) is not None


async def test_only_who_signed_in_on_a_device_is_known_there(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await it.register("bob@example.com")
        await sign_in(it.client)
        cookie, devices = it.client.cookies[COOKIE], it.core.devices
        ada, bob = await user_id_of(it), await user_id_of(it, "bob@example.com")
        name = await devices.device_of(cookie, ada)
        assert name is not None
        assert await devices.device_of(cookie, bob) is None
        assert await devices.device_of(cookie, None) is None
        assert await devices.device_of(None, ada) is None
        forged = mint_device(PurposeKeys(b"another secret of 32 bytes or so!"), uuid.uuid4())
        for bad in ("", "gpd_", cookie[:-1], cookie + "A", cookie.swapcase(), forged, "\x00" * 40):
            assert await devices.device_of(bad, ada) is None
            assert devices.cookie(bad, is_given=False) is None
        async with unit_of_work(it.core.database, it.core.listeners) as work:
            await devices.forget(work, ada)
        assert await devices.device_of(cookie, ada) is None


async def test_a_failed_sign_in_gives_no_device(sqlite_url: str) -> None:
    async with running(sqlite_url, **QUIET) as it:
        await it.register()
        answer = await it.login(password="wrong horse battery")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert it.value("SELECT count(*) FROM gatepost_device") == 0


async def test_of_ten_sign_ins_at_once_from_one_new_device_one_is_told(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        device = it.core.devices.cookie(None)
        await asyncio.gather(*(it.core.login.with_password(EMAIL, PASSWORD, wanted(device)) for _ in range(10)))
        assert it.value(NEW) == 1
        assert len(await mails_of(it, 1)) == 1


async def test_a_client_without_cookies_is_known_by_network_and_name(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        login = it.core.login
        for ip, agent, news in (
            ("192.0.2.1", "app/1", 0),
            ("192.0.2.1", "app/1", 0),
            ("192.0.2.2", "app/1", 1),
            ("192.0.2.2", "app/2", 2),
            ("2001:db8::1", "app/1", 3),
            ("2001:db8::2", "app/1", 3),
        ):
            await login.with_password(EMAIL, PASSWORD, wanted(None, ip, agent))
            assert it.value(NEW) == news


async def test_devices_of_a_user_are_bounded_and_a_flood_of_them_does_not_flood_the_mailbox(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        for number in range(55):
            await it.core.login.with_password(EMAIL, PASSWORD, wanted(None, agent=f"app/{number}"))
        assert it.value("SELECT count(*) FROM gatepost_device") == 50
        assert it.value(NEW) == 54
        assert it.value("SELECT count(*) FROM gatepost_outbox") + len(it.mails.sent) == 10


async def test_a_device_unseen_for_a_year_is_forgotten_but_the_account_stays_awake(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        cookie, ada = it.client.cookies[COOKIE], await user_id_of(it)
        it.clock.advance(100)
        async with it.browser() as other:
            await sign_in(other)
        it.clock.advance(366 * 86_400)
        assert await it.core.devices.device_of(cookie, ada) is None
        assert await it.core.devices.prune() == 1
        assert it.value("SELECT count(*) FROM gatepost_device") == 1
        async with it.browser() as stranger:
            await sign_in(stranger)
        assert it.value(NEW) == 2


async def test_a_device_that_comes_back_after_a_year_is_new_again(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        async with it.browser() as other:
            await sign_in(other)
        it.clock.advance(366 * 86_400)
        await sign_in(it.client)
        assert it.value(NEW) == 2


async def test_a_new_secret_forgets_no_device(database_url: str) -> None:
    old, new = "the-old-secret-of-a-test-0123456789-abcdef", "the-new-secret-of-a-test-9876543210-fedcba"
    async with running(database_url, secret=old) as it:
        await it.register()
        await sign_in(it.client)
        await it.core.login.with_password(EMAIL, PASSWORD, wanted(None))
        cookie = it.client.cookies[COOKIE]
    async with running(database_url, secret=new, secret_previous=old) as it:
        ada = await user_id_of(it)
        assert await it.core.devices.device_of(cookie, ada) is not None
        it.client.cookies[COOKIE] = cookie
        await sign_in(it.client)
        await it.core.login.with_password(EMAIL, PASSWORD, wanted(None))
        assert it.value(NEW) == 1
        assert it.value("SELECT count(*) FROM gatepost_device") == 2
        keys = PurposeKeys(new.encode())
        assert read_device(keys, it.core.devices.cookie(cookie) or "") is not None


async def test_notices_can_be_switched_off_and_the_trail_stays(sqlite_url: str) -> None:
    async with running(sqlite_url, new_device_mails=False, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        async with it.browser() as other:
            await sign_in(other)
        assert it.value(NEW) == 1
        assert it.value("SELECT count(*) FROM gatepost_outbox") == 0
        assert it.mails.sent == []


async def test_a_password_reset_forgets_every_device(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        await it.client.post("/auth/password/forgot", json={"email": EMAIL})
        new = {"token": await token(it, "reset-password"), "new_password": "another horse battery"}
        assert (await it.client.post("/auth/password/reset", json=new)).status_code == 204
        assert await it.core.devices.device_of(it.client.cookies[COOKIE], await user_id_of(it)) is None


async def test_a_device_that_is_seen_in_the_millisecond_in_which_it_was_new_is_not_new_again(database_url: str) -> None:
    async with running(database_url, **QUIET) as it:
        await it.register()
        await sign_in(it.client)
        async with it.browser() as other:
            await sign_in(other)
            query(database_url, "UPDATE gatepost_device SET created_at = seen_at + 60000, seen_at = seen_at + 60000")
            await sign_in(other)
        assert it.value(NEW) == 1
