"""Tokens of providers: kept where the settings say so, sealed, renewed by one, and never shown."""

import asyncio
import logging
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.federation.redeemed import ProviderTokens, RefreshRefused
from gatepost.core.federation.tokens import KeptTokens
from gatepost.core.identities.errors import ProviderTokenGone
from gatepost.crypto.sealed import SealBroken, unseal
from gatepost.kernel.errors import Unavailable
from tests.harness import SECRET, Running, bearer, running
from tests.identities.elsewhere import ISSUER, OTHER_ISSUER, enter, events, policy

pytestmark = pytest.mark.anyio
KEEPS = policy(keeps_tokens=True)
PROVIDERS: dict[str, Any] = {"idp": {"issuer": ISSUER, "client_id": "us", "client_secret": "x", "keep_tokens": True}}
FIRST = ProviderTokens(access_token="access-0", refresh_token="refresh-0", expires_in=3600, scope="openid")


class Provider:
    """Renews tokens as a provider does that takes each refresh token once."""

    def __init__(self, *, rotates: bool = True) -> None:
        self.asked: list[str] = []
        self.refuses = False
        self.breaks = False
        self.rotates = rotates
        self.pause = asyncio.Event()
        self.pause.set()

    async def refresh(self, name: str, refresh_token: str) -> ProviderTokens:
        assert name == "idp"
        self.asked.append(refresh_token)
        await self.pause.wait()
        if self.refuses or (self.rotates and refresh_token != f"refresh-{len(self.asked) - 1}"):
            raise RefreshRefused
        if self.breaks:
            raise Unavailable("the provider does not answer")
        number = len(self.asked)
        given = f"refresh-{number}" if self.rotates else None
        return ProviderTokens(access_token=f"access-{number}", refresh_token=given, expires_in=3600)


def using(it: Running, provider: Provider) -> KeptTokens:
    """Return what keeps tokens, over this provider."""
    return KeptTokens(it.core.database, it.core.keys, provider.refresh)


async def kept(it: Running, tokens: ProviderTokens = FIRST) -> uuid.UUID:
    """Sign in with tokens that are kept, and return the user."""
    return (await enter(it, provider=KEEPS, tokens=tokens)).grant.user_id


async def test_they_are_kept_only_where_the_settings_say_so(database_url: str) -> None:
    async with running(database_url, providers=PROVIDERS) as it:
        user_id = (await enter(it, tokens=FIRST)).grant.user_id
        assert it.rows("SELECT * FROM gatepost_provider_token") == []
        with pytest.raises(ProviderTokenGone):
            await it.gate.identities.token(user_id, "idp")
        await kept(it)
        assert await it.gate.identities.token(user_id, "idp") == "access-0"
        await enter(it, tokens=FIRST)  # switched off again: what was kept goes
        assert it.rows("SELECT * FROM gatepost_provider_token") == []


async def test_what_is_kept_is_sealed_and_opens_in_its_own_row_alone(database_url: str) -> None:
    async with running(database_url, providers=PROVIDERS) as it:
        await kept(it)
        identity_id, sealed = it.rows("SELECT identity_id, sealed FROM gatepost_provider_token")[0]
        assert b"access-0" not in bytes(sealed)
        own = f"provider-token:{uuid.UUID(str(identity_id))}"
        assert b"access-0" in unseal(it.core.keys, bytes(sealed), context=own)
        with pytest.raises(SealBroken):
            unseal(it.core.keys, bytes(sealed), context=f"provider-token:{uuid.uuid4()}")


async def test_one_that_is_old_is_renewed_and_both_are_kept(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        tokens = using(it, provider)
        for number in range(3):
            assert await tokens.of(user_id, "idp") == f"access-{number}"
            assert await tokens.of(user_id, "idp") == f"access-{number}"
            it.clock.advance(3600)
        assert provider.asked == ["refresh-0", "refresh-1"]


async def test_many_callers_share_one_renewal(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        it.clock.advance(3600)
        several = [using(it, provider) for _ in range(3)]  # as processes have each its own
        found = await asyncio.gather(*(several[n % 3].of(user_id, "idp") for n in range(24)))
        assert set(found) == {"access-1"}
        assert provider.asked == ["refresh-0"]


async def test_a_provider_without_rotation_keeps_its_refresh_token(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider(rotates=False)
        tokens = using(it, provider)
        for number in (1, 2):
            it.clock.advance(3600)
            assert await tokens.of(user_id, "idp") == f"access-{number}"
        assert provider.asked == ["refresh-0", "refresh-0"]


async def test_what_the_provider_takes_no_more_is_forgotten(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        provider.refuses = True
        it.clock.advance(3600)
        tokens = using(it, provider)
        found = await asyncio.gather(*(tokens.of(user_id, "idp") for _ in range(6)), return_exceptions=True)
        assert {type(error) for error in found} == {ProviderTokenGone}
        assert provider.asked == ["refresh-0"]
        assert it.rows("SELECT * FROM gatepost_provider_token") == []


async def test_a_provider_that_is_down_loses_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider(rotates=False)
        provider.breaks = True
        it.clock.advance(3600)
        tokens = using(it, provider)
        with pytest.raises(Unavailable):
            await tokens.of(user_id, "idp")
        provider.breaks = False
        assert await tokens.of(user_id, "idp") == "access-2"


async def test_a_caller_that_goes_away_does_not_lose_the_next_token(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        provider.pause.clear()
        it.clock.advance(3600)
        tokens = using(it, provider)
        call = asyncio.create_task(tokens.of(user_id, "idp"))
        while not provider.asked:  # noqa: ASYNC110 - what the task does is polled
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        provider.pause.set()
        assert await using(it, provider).of(user_id, "idp") == "access-1"
        assert provider.asked == ["refresh-0"]


async def test_a_lease_of_a_process_that_died_ends(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        it.clock.advance(3600)
        later = it.clock.now_ms() + 20_000
        it.rows(f"UPDATE gatepost_provider_token SET leased_until = {later}")
        waiting = asyncio.create_task(using(it, provider).of(user_id, "idp"))
        await asyncio.sleep(0.3)
        assert provider.asked == []
        it.clock.advance(21)
        assert await waiting == "access-1"


async def test_a_sign_in_without_a_refresh_token_leaves_the_one_that_is_there(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        await kept(it, ProviderTokens(access_token="access-new", expires_in=3600))
        tokens = using(it, provider)
        assert await tokens.of(user_id, "idp") == "access-new"
        it.clock.advance(3600)
        assert await tokens.of(user_id, "idp") == "access-1"
        assert provider.asked == ["refresh-0"]


async def test_a_sign_in_during_a_renewal_loses_neither(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it), Provider()
        it.clock.advance(3600)
        provider.pause.clear()
        tokens = using(it, provider)
        renewing = asyncio.create_task(tokens.of(user_id, "idp"))
        while not provider.asked:  # noqa: ASYNC110 - what the task does is polled
            await asyncio.sleep(0.01)
        await kept(it, ProviderTokens(access_token="access-new", expires_in=10))
        provider.pause.set()
        assert await renewing == "access-1"
        it.clock.advance(3600)
        assert await tokens.of(user_id, "idp") == "access-2"
        assert provider.asked == ["refresh-0", "refresh-1"]


async def test_a_token_without_an_end_is_never_renewed(database_url: str) -> None:
    async with running(database_url) as it:
        user_id, provider = await kept(it, ProviderTokens(access_token="for ever")), Provider()
        it.clock.advance(10**8)
        assert await using(it, provider).of(user_id, "idp") == "for ever"


async def test_another_user_s_and_another_provider_s_are_not_had(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = await kept(it)
        for who, name in ((uuid.uuid4(), "idp"), (user_id, "other")):
            with pytest.raises(ProviderTokenGone):
                await it.gate.identities.token(who, name)


async def test_what_one_issuer_gave_is_told_to_no_other_of_the_same_name(database_url: str) -> None:
    moved = {"idp": {**PROVIDERS["idp"], "issuer": OTHER_ISSUER}}
    async with running(database_url, providers=moved) as it:
        user_id = await kept(it)  # of ISSUER, which had the name before
        with pytest.raises(ProviderTokenGone):
            await it.gate.identities.token(user_id, "idp")
        assert it.value("SELECT count(*) FROM gatepost_provider_token") == 1


async def test_they_go_with_the_account_and_stand_in_no_answer_and_no_log(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(database_url, providers=PROVIDERS) as it:
        opened = await enter(it, provider=KEEPS, tokens=FIRST)
        access = (await it.core.sessions.tokens(opened)).access_token
        for path in ("/auth/identities", "/auth/me", "/auth/me/export"):
            answer = await it.client.get(path, headers=bearer(access))
            assert answer.status_code == 200
            assert "access-0" not in answer.text
            assert "refresh-0" not in answer.text
        exported = (await it.client.get("/auth/me/export", headers=bearer(access))).json()
        assert [set(row) & {"sealed"} for row in exported["provider_tokens"]] == [set()]
        assert "access-0" not in repr(FIRST) + repr(it.core.identities.tokens)
        assert events(it) == ["identity.linked"]
        await it.gate.users.delete(opened.grant.user_id)
        assert it.rows("SELECT * FROM gatepost_provider_token") == []
    assert "access-0" not in caplog.text
    assert "refresh-0" not in caplog.text


async def test_a_new_secret_opens_them_and_seals_them_anew(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = await kept(it)
    fresh = "another-secret-of-the-tests-0123456789-abcdefgh"
    async with running(database_url, secret=fresh, secret_previous=SECRET) as it:
        assert await it.gate.identities.token(user_id, "idp") == "access-0"
        assert await it.core.identities.tokens.reseal() == 1
        assert await it.core.identities.tokens.reseal() == 0
        await it.core.keyring.reseal()
    async with running(database_url, secret=fresh) as it:
        assert await it.gate.identities.token(user_id, "idp") == "access-0"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=50), st.one_of(st.none(), st.text(max_size=50)))
def test_no_token_shows_itself(access: str, refresh: str | None) -> None:
    shown = repr(ProviderTokens(access_token="A!" + access, refresh_token=refresh and "R!" + refresh))
    assert "A!" not in shown
    assert "R!" not in shown
