"""An issuer's keys are attacked, or an issuer lies; a token of one kind, client or request is shown as another."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gatepost.crypto import base64url
from gatepost.crypto.jwk import VerifiedAlgorithm
from gatepost.crypto.reading import TokenRefused
from gatepost.kernel.clock import Clock
from gatepost.outbound import Outbound, OutboundFailed
from gatepost.trust.id_tokens import verify_id_token
from gatepost.trust.issuer import IssuerUnavailable, TrustedIssuer
from gatepost.trust.jwks import JsonWebKeys, JwksPolicy, read_keys
from tests.harness import eventually
from tests.outbound.origin import Speech, Town, document, page, pouring, silence
from tests.trust.issuer import Issuer, Signer, signer
from tests.trust.tokens import claims, expected, id_refusal

pytestmark = pytest.mark.anyio
POLICY = JwksPolicy()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def keys(issuer: Issuer, outbound: Outbound, clock: Clock) -> AsyncIterator[JsonWebKeys]:
    """The keys of the issuer, read once."""
    made = JsonWebKeys(outbound, clock)
    await made.freshen(f"{issuer.url}/keys")
    yield made
    await made.close()


def uri(issuer: Issuer) -> str:
    return f"{issuer.url}/keys"


LIES: dict[str, bytes | Speech] = {
    "nothing": page(b""),
    "a-page": page(b"<html>welcome to the wireless network</html>", kind="text/html"),
    "a-list": document([]),
    "no-keys": document({"error": "server_error"}),
    "keys-are-no-list": document({"keys": {"one": 1}}),
    "keys-are-no-objects": document({"keys": ["one"]}),
    "null": document({"keys": None}),
    "two-lists": page(b'{"keys":[],"keys":[]}'),
    "an-error": page(b'{"keys":[]}', status=500),
    "not-found": page(b'{"keys":[]}', status=404),
    "elsewhere": page(b"", status=302, location="https://evil.example/keys"),
    "packed": page(b'{"keys":[]}', content_encoding="gzip"),
    "deep": page(b'{"keys":' + b"[" * 50_000),
    "ten-thousand-keys": document({"keys": [{"kty": "EC", "kid": str(number)} for number in range(10_000)]}),
    "without-end": pouring(b"HTTP/1.1 200 x\r\n\r\n", b'{"keys":[' * 1000),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_no_key_set_changes_nothing(lie: str, keys: JsonWebKeys, issuer: Issuer) -> None:
    issuer.answer(LIES[lie])
    version = keys.version
    with pytest.raises(OutboundFailed):
        await keys.freshen(uri(issuer))
    assert (set(keys.keys), keys.version) == ({"one"}, version)


async def test_an_honest_empty_set_is_believed(keys: JsonWebKeys, issuer: Issuer) -> None:
    issuer.publish()
    await keys.freshen(uri(issuer))
    assert keys.keys == {}


def foreign(algorithm: VerifiedAlgorithm = "ES256", **more: object) -> dict[str, Any]:
    return signer("other", algorithm).jwk(**more)


UNUSABLE: dict[str, dict[str, Any]] = {
    "a-secret": {"kty": "oct", "k": base64url.encode(b"x" * 32), "kid": "other", "alg": "HS256"},
    "a-secret-said-to-be-rsa": {**foreign("RS256"), "kty": "oct", "k": base64url.encode(b"x" * 32)},
    "for-encryption": foreign(use="enc"),
    "for-signing-only": foreign(key_ops=["sign"]),
    "operations-are-no-list": foreign(key_ops="verify"),
    "public-key-for-hmac": foreign("RS256", alg="HS256"),
    "none": foreign(alg="none"),
    "alg-of-another-type": foreign(alg="RS256"),
    "alg-of-another-curve": foreign(alg="ES512"),
    "wrong-kty": foreign(kty="RSA"),
    "kty-is-a-list": foreign(kty=["EC"]),
    "unknown-curve": foreign(crv="secp256k1"),
    "off-the-curve": foreign(y=foreign()["x"]),
    "short-rsa": foreign("RS256", n=base64url.encode(b"\xff" * 128)),
    "huge-modulus": foreign("RS256", n=base64url.encode(b"\xff" * 20_000)),
    "huge-exponent": foreign("RS256", e=base64url.encode(b"\xff" * 255)),
    "exponent-one": foreign("RS256", e="AQ"),
    "even-exponent": foreign("RS256", e="BA"),
    "no-modulus": foreign("RS256", n=""),
    "no-kid-in-a-kid": foreign(kid=None),
    "empty-kid": foreign(kid=""),
    "kid-of-a-megabyte": foreign(kid="k" * 200_000),
    "kid-is-a-list": foreign(kid=["other"]),
}


@pytest.mark.parametrize("which", UNUSABLE)
async def test_a_key_that_cannot_be_used_is_left_out_and_the_others_are_used(
    which: str, keys: JsonWebKeys, issuer: Issuer
) -> None:
    issuer.publish(UNUSABLE[which], signer("two"))
    started = time.process_time()
    await keys.freshen(uri(issuer))
    assert time.process_time() - started < 0.5
    assert set(keys.keys) == {"two"}


async def test_a_set_of_a_hundred_keys_is_read_and_of_one_more_is_not(keys: JsonWebKeys, issuer: Issuer) -> None:
    many = [signer().jwk(kid=str(number)) for number in range(101)]
    issuer.publish(*many)
    with pytest.raises(OutboundFailed):
        await keys.freshen(uri(issuer))
    assert set(keys.keys) == {"one"}
    issuer.publish(*many[:100])
    await keys.freshen(uri(issuer))
    assert len(keys.keys) == 100


def test_of_two_different_keys_of_one_name_neither_is_used_in_any_order() -> None:
    mine, theirs, other = signer("same").jwk(), signer("x").jwk(kid="same"), signer("two").jwk()
    for order in ([mine, theirs, other], [theirs, mine, other], [mine, theirs, mine, other]):
        assert set(read_keys({"keys": order})) == {"two"}
    assert set(read_keys({"keys": [mine, mine, other]})) == {"same", "two"}


def test_private_members_that_are_published_by_mistake_do_not_sign_here() -> None:
    leaked = {**signer().key.as_dict(private=True), "kid": "one"}
    assert not read_keys({"keys": [leaked]})["one"].can_sign


async def test_an_issuer_that_is_gone_is_believed_for_the_stated_time_and_then_nothing_is(
    keys: JsonWebKeys, issuer: Issuer, clock: Clock
) -> None:
    issuer.answer(page(b"", status=503))
    started = clock.boottime()
    while clock.boottime() - started < POLICY.outage - 600:
        assert set(await keys.current(uri(issuer))) == {"one"}
        clock.advance(3600)
    clock.advance(started + POLICY.outage - 1 - clock.boottime())
    assert set(await keys.current(uri(issuer))) == {"one"}
    version = keys.version
    clock.advance(10)
    assert keys.keys == {}
    assert keys.version == version + 1  # what was verified with them is forgotten
    with pytest.raises(OutboundFailed):
        await keys.current(uri(issuer))
    issuer.publish(signer())
    clock.advance(POLICY.retry)
    assert set(await keys.current(uri(issuer))) == {"one"}


async def test_while_an_issuer_is_slow_nobody_who_has_a_known_key_waits(
    keys: JsonWebKeys, issuer: Issuer, clock: Clock
) -> None:
    issuer.answer(silence)
    clock.advance(POLICY.refresh + 1)
    async with asyncio.timeout(1):
        for _ in range(100):
            assert await keys.having(uri(issuer), "one") is not None
    assert issuer.asked <= 2


async def test_while_an_issuer_fails_nobody_waits_for_it_again_and_again(
    keys: JsonWebKeys, issuer: Issuer, clock: Clock
) -> None:
    issuer.answer(page(b"", status=503))
    clock.advance(3 * POLICY.refresh)
    assert set(await keys.current(uri(issuer))) == {"one"}  # this one waited, and was refused
    issuer.answer(silence)
    clock.advance(POLICY.retry + 1)
    async with asyncio.timeout(1):
        assert set(await keys.current(uri(issuer))) == {"one"}


async def test_made_up_key_names_cost_one_request_in_half_a_minute(
    keys: JsonWebKeys, issuer: Issuer, clock: Clock
) -> None:
    asked = issuer.asked
    for moment in range(3):
        found = await asyncio.gather(*(keys.having(uri(issuer), f"made-up-{moment}-{n}") for n in range(100)))
        assert found == [None] * 100
        assert issuer.asked == asked + moment + 1
        clock.advance(POLICY.pause - 1)
        assert await keys.having(uri(issuer), "made-up") is None
        assert issuer.asked == asked + moment + 1
        clock.advance(2)
    # Nobody waits: neither who has a key that is known, nor who makes one up in the pause.
    await keys.having(uri(issuer), "made-up")
    issuer.answer(silence)
    async with asyncio.timeout(1):
        assert await keys.having(uri(issuer), "one") is not None
        assert await keys.having(uri(issuer), "made-up") is None


async def test_a_name_that_strangers_made_up_does_not_keep_the_issuer_s_own_from_being_looked_for(
    keys: JsonWebKeys, issuer: Issuer
) -> None:
    assert await keys.having(uri(issuer), "made-up") is None
    issuer.publish(signer(), signer("two"))
    assert await keys.having(uri(issuer), "two") is None  # said by a stranger, within the pause
    found = await keys.having(uri(issuer), "two", is_from_issuer=True)
    assert found is not None
    assert found.kid == "two"


async def test_while_made_up_names_flood_a_new_key_is_found_without_one_refusal(
    keys: JsonWebKeys, issuer: Issuer
) -> None:
    issuer.publish(signer(), signer("two"))
    held = issuer.hold()
    asking = [asyncio.create_task(keys.having(uri(issuer), name)) for name in ("made-up", "two", "two", "x", "two")]

    async def is_asked() -> bool:
        return issuer.asked == 2

    await eventually(is_asked, within=5)
    async with asyncio.timeout(1):
        assert await keys.having(uri(issuer), "one") is not None  # a known key does not wait
    held.set()
    found = await asyncio.gather(*asking)
    assert [key.kid if key else None for key in found] == [None, "two", "two", None, "two"]
    assert issuer.asked == 2


async def test_keys_change_under_traffic_without_one_refusal_and_the_old_one_is_refused_then(
    issuer: Issuer, outbound: Outbound, clock: Clock
) -> None:
    trusted = TrustedIssuer(issuer.url, outbound, clock)
    now = int(clock.now())

    async def accepts(by: Signer) -> bool:
        known = await trusted.keys(by.kid)
        try:
            verify_id_token(by.token(claims(issuer.url, now)), known, **expected(issuer.url, now))
        except TokenRefused:
            return False
        return True

    first, second = signer(), signer("two", "RS256")
    assert await accepts(first)
    issuer.publish(first, second)
    assert all(await asyncio.gather(*(accepts(by) for by in (first, second) * 20)))
    issuer.publish(second)
    clock.advance(2 * POLICY.refresh + 1)
    assert await accepts(second)
    assert not await accepts(first)
    await trusted.close()


async def test_the_header_of_a_token_makes_nobody_ask_anybody(
    keys: JsonWebKeys, issuer: Issuer, outbound: Outbound, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forbidden(*_: object) -> None:
        pytest.fail("a token chose where a request goes")

    monkeypatch.setattr(outbound, "_exchange", forbidden)
    attacker = signer("attacker")
    for name in ("jku", "x5u", "jwk", "x5c"):
        value: object = attacker.jwk() if name == "jwk" else [f"{issuer.url}/evil"] if name == "x5c" else "https://e/"
        for kid, reason in (("one", "signature"), ("attacker", "unknown_key")):
            token = attacker.token(claims(issuer.url), **{name: value, "kid": kid})
            assert id_refusal(token, keys.keys, issuer.url) == reason


async def test_an_issuer_that_lies_about_its_name_is_not_trusted(
    issuer: Issuer, outbound: Outbound, clock: Clock
) -> None:
    issuer.say(issuer=f"{issuer.url}/")
    trusted = TrustedIssuer(issuer.url, outbound, clock)
    with pytest.raises(IssuerUnavailable) as refused:
        await trusted.keys()
    assert issuer.asked == 0
    assert "127.0.0.1" not in f"{refused.value}{refused.value.text}"
    await trusted.close()


async def test_an_issuer_that_sends_for_its_keys_into_a_private_network_is_not_followed(
    issuer: Issuer, outbound: Outbound, town: Town, clock: Clock
) -> None:
    town.names["inside.example"] = ["10.0.0.1"]
    issuer.say(jwks_uri="https://inside.example/keys")
    trusted = TrustedIssuer(issuer.url, outbound, clock)
    with pytest.raises(IssuerUnavailable, match="private network"):
        await trusted.keys()
    await trusted.close()
