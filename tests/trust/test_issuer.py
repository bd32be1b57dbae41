"""Metadata and keys of an issuer over time: young, kept through outages, and then not believed."""

import asyncio

import pytest

from gatepost.kernel.clock import Clock
from gatepost.outbound import Outbound
from gatepost.trust.discovery import Metadata
from gatepost.trust.issuer import IssuerUnavailable, TrustedIssuer
from gatepost.trust.jwks import JsonWebKeys
from tests.harness import eventually
from tests.outbound.origin import page
from tests.trust.issuer import Issuer, signer

pytestmark = pytest.mark.anyio
DOWN = page(b"", status=503)


async def test_an_issuer_is_asked_once_whoever_comes_first(issuer: Issuer, trusted: TrustedIssuer) -> None:
    found = await asyncio.gather(*(trusted.keys() for _ in range(50)))
    assert {tuple(keys) for keys in found} == {("one",)}
    assert (len(issuer.origin.requests), issuer.asked) == (2, 1)


async def test_young_keys_cost_no_request(issuer: Issuer, trusted: TrustedIssuer, clock: Clock) -> None:
    await trusted.keys()
    clock.advance(trusted.jwks.policy.refresh - 1)
    await trusted.keys()
    assert issuer.asked == 1


async def test_old_keys_are_read_again_behind_the_answer(issuer: Issuer, trusted: TrustedIssuer, clock: Clock) -> None:
    await trusted.keys()
    issuer.publish(signer("two"))
    held = issuer.hold()
    clock.advance(trusted.jwks.policy.refresh + 1)
    assert set(await trusted.keys()) == {"one"}
    held.set()

    async def is_new() -> bool:
        return set(await trusted.keys()) == {"two"}

    await eventually(is_new, within=5)
    assert issuer.asked == 2


async def test_very_old_keys_are_not_used_before_they_are_read_again(
    issuer: Issuer, trusted: TrustedIssuer, clock: Clock
) -> None:
    await trusted.keys()
    issuer.publish(signer("two"))
    clock.advance(2 * trusted.jwks.policy.refresh + 1)
    assert set(await trusted.keys()) == {"two"}


async def test_run_keeps_them_young_without_a_request(issuer: Issuer, trusted: TrustedIssuer) -> None:
    running = asyncio.create_task(trusted.run())

    async def is_read() -> bool:
        return bool(trusted.jwks.keys)

    await eventually(is_read, within=5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_without_any_answer_an_issuer_is_unavailable_and_later_is_not(
    issuer: Issuer, trusted: TrustedIssuer, clock: Clock
) -> None:
    metadata = issuer.origin.answers.pop("/.well-known/openid-configuration")
    with pytest.raises(IssuerUnavailable) as refused:
        await trusted.keys()
    assert (refused.value.status, refused.value.retry_after) == (503, 5)
    asked = len(issuer.origin.requests)
    for _ in range(10):  # it is left alone for a moment, and nobody waits for it
        with pytest.raises(IssuerUnavailable):
            await trusted.keys()
    assert len(issuer.origin.requests) == asked
    issuer.origin.answers["/.well-known/openid-configuration"] = metadata
    issuer.answer(DOWN)
    clock.advance(trusted.jwks.policy.retry)
    with pytest.raises(IssuerUnavailable):
        await trusted.keys()
    issuer.publish(signer())
    clock.advance(trusted.jwks.policy.retry)
    assert set(await trusted.keys()) == {"one"}


async def test_an_issuer_without_keys_is_unavailable(issuer: Issuer, trusted: TrustedIssuer) -> None:
    issuer.say(jwks_uri=None)
    with pytest.raises(IssuerUnavailable):
        await trusted.keys()


async def test_metadata_is_read_again_each_hour_and_an_old_one_is_used_meanwhile(
    issuer: Issuer, trusted: TrustedIssuer, clock: Clock
) -> None:
    assert (await trusted.metadata()).userinfo_endpoint is None
    issuer.say(userinfo_endpoint=f"{issuer.url}/me")
    clock.advance(3601)
    assert (await trusted.metadata()).userinfo_endpoint is None

    async def is_new() -> bool:
        return (await trusted.metadata()).userinfo_endpoint is not None

    await eventually(is_new, within=5)
    issuer.origin.answers.clear()
    clock.advance(36_000)
    assert (await trusted.metadata()).userinfo_endpoint is not None


async def test_keys_that_have_moved_are_found_before_the_hour_is_over(
    issuer: Issuer, trusted: TrustedIssuer, clock: Clock
) -> None:
    await trusted.keys()
    issuer.publish(signer("two"))
    issuer.origin.answers["/moved"] = issuer.origin.answers.pop("/keys")
    issuer.say(jwks_uri=f"{issuer.url}/moved")
    assert set(await trusted.keys("two")) == {"one"}

    async def is_found() -> bool:
        clock.advance(trusted.jwks.policy.pause + 1)
        return set(await trusted.keys("two")) == {"two"}

    await eventually(is_found, within=5)


async def test_given_metadata_is_not_asked_for(issuer: Issuer, outbound: Outbound, clock: Clock) -> None:
    given = Metadata(issuer=issuer.url, jwks_uri=f"{issuer.url}/keys")
    trusted = TrustedIssuer(issuer.url, outbound, clock, metadata=given)
    assert await trusted.metadata() is given
    assert set(await trusted.keys()) == {"one"}
    assert len(issuer.origin.requests) == 1
    await trusted.close()


async def test_the_version_grows_exactly_when_the_keys_change(issuer: Issuer, outbound: Outbound, clock: Clock) -> None:
    keys, uri = JsonWebKeys(outbound, clock), f"{issuer.url}/keys"
    versions = [keys.version]
    for published in ([signer()], [signer()], [signer(), signer("two")], [signer("two"), signer()], [], [signer()]):
        issuer.publish(*published)
        await keys.freshen(uri)
        versions.append(keys.version)
    assert versions == [0, 1, 1, 2, 2, 3, 4]
    clock.advance(keys.policy.outage + 1)
    assert keys.version == 5
    await keys.close()


async def test_who_gives_up_does_not_end_the_reading_for_others(issuer: Issuer, trusted: TrustedIssuer) -> None:
    await trusted.metadata()
    held = issuer.hold()
    first, second = asyncio.create_task(trusted.keys()), asyncio.create_task(trusted.keys())

    async def is_asked() -> bool:
        return issuer.asked == 1

    await eventually(is_asked, within=5)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    held.set()
    assert set(await second) == {"one"}
    assert issuer.asked == 1


async def test_a_key_that_becomes_another_issuer_s_makes_those_who_remember_tokens_forget_them(
    trusted: TrustedIssuer, issuer: Issuer
) -> None:
    for whose, has_it in ((issuer.url, True), ("https://other.example", False), (issuer.url, True)):
        version = trusted.version
        issuer.publish(signer().jwk(issuer=whose))
        await trusted.jwks.freshen(f"{issuer.url}/keys")
        assert ("one" in trusted.jwks.keys_of(issuer.url)) is has_it
        assert trusted.version > version
