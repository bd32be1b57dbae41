"""Apple: a client secret that lives for minutes, a name that nobody signed, addresses that are relayed."""

import json
import time
from typing import Any

import pytest

from gatepost.core.federation.presets.apple import name_in
from gatepost.crypto.jwt import inspect, load_public_key, verify
from gatepost.crypto.pem import load_signing_key
from tests.presets.saying import account, apple_key, provider

pytestmark = pytest.mark.anyio
KEY = apple_key()
APPLE = provider("apple", private_key=KEY)
SUBJECT = "001234.5b3a3bdf9c0b4f049c1471cae1cd1d8d.0001"
MONA = json.dumps({"name": {"firstName": "Mona", "lastName": "Lisa"}, "email": "root@house.test"})


def test_the_client_secret_is_signed_by_the_key_for_apple_and_lives_five_minutes() -> None:
    assert APPLE.preset.client_secret is not None
    now = time.time()
    secret = APPLE.preset.client_secret(now)
    header, claims = inspect(secret)
    assert (header["alg"], header["kid"]) == ("ES256", "KEY1234567")
    assert claims["exp"] - claims["iat"] == 300
    public = load_public_key({**(load_signing_key(KEY, kid="KEY1234567").public_jwk() or {})})
    assert verify(
        secret,
        {"KEY1234567": public},
        expected_issuer="TEAM123456",
        expected_audience="https://appleid.apple.com",
        expected_type="JWT",
        now=now,
        leeway=0,
    )
    assert claims["sub"] == "the-client"


def test_each_request_has_a_secret_of_its_own() -> None:
    assert APPLE.preset.client_secret is not None
    assert APPLE.preset.client_secret(1_000_000) != APPLE.preset.client_secret(1_000_001)
    assert APPLE.client_secret is None


@pytest.mark.parametrize(("said", "is_verified"), [(True, True), ("true", True), (False, False), ("false", False)])
async def test_email_verified_is_a_text_or_a_boolean(said: object, is_verified: bool) -> None:  # noqa: FBT001
    found = await account(APPLE, sub=SUBJECT, email="mona@icloud.com", email_verified=said)
    assert (found.email_is_verified, found.email_is_authoritative) == (is_verified, is_verified)


@pytest.mark.parametrize("said", [None, 1, "True", "1", "yes", ["true"], {}])
async def test_anything_else_is_not_verified(said: object) -> None:
    assert not (await account(APPLE, sub=SUBJECT, email="mona@icloud.com", email_verified=said)).email_is_verified


async def test_a_private_relay_address_is_apples_own_and_one_elsewhere_is_not() -> None:
    relayed: dict[str, Any] = {
        "email": "dpdcnf87nu@privaterelay.appleid.com",
        "email_verified": "true",
        "is_private_email": "true",
    }
    assert (await account(APPLE, sub=SUBJECT, **relayed)).email_is_authoritative
    found = await account(APPLE, sub=SUBJECT, email="mona@house.test", email_verified=True)
    assert (found.email_is_verified, found.email_is_authoritative) == (True, False)


async def test_the_name_is_taken_from_the_form_and_the_address_in_it_is_not() -> None:
    found = await account(APPLE, sub=SUBJECT, posted={"user": MONA})
    assert (found.full_name, found.email, found.email_is_verified) == ("Mona Lisa", None, False)
    found = await account(APPLE, sub=SUBJECT, email="mona@icloud.com", email_verified=True, posted={"user": MONA})
    assert found.email == "mona@icloud.com"


async def test_without_the_form_there_is_no_name() -> None:
    assert (await account(APPLE, sub=SUBJECT)).full_name is None


@pytest.mark.parametrize(
    "user",
    [
        "",
        "null",
        "[]",
        "1",
        '"Mona"',
        "{",
        '{"name": "Mona"}',
        '{"name": {"firstName": {"a": 1}}}',
        '{"name": {"firstName": ["Mona"]}}',
        '{"name": {}}',
        "[" * 2000,
        json.dumps({"name": {"firstName": "M" * 3000}}),
    ],
    ids=range(12),
)
def test_what_is_no_small_object_with_a_name_names_nobody(user: str) -> None:
    assert name_in(user) is None


@pytest.mark.parametrize("name", ["Mo\x00na", "Mo\u202ena", "\ud800", "M" * 300, "\n"], ids=ascii)
async def test_a_name_that_cannot_be_shown_is_left_out(name: str) -> None:
    posted = {"user": json.dumps({"name": {"firstName": name}})}
    assert (await account(APPLE, sub=SUBJECT, posted=posted)).full_name is None


async def test_half_a_name_is_a_name() -> None:
    posted = {"user": json.dumps({"name": {"firstName": " Mona ", "lastName": None}})}
    assert (await account(APPLE, sub=SUBJECT, posted=posted)).full_name == "Mona"


def test_apple_posts_a_form_and_is_asked_for_name_and_address() -> None:
    assert (APPLE.preset.response_mode, APPLE.preset.posted) == ("form_post", ("user",))
    assert APPLE.scopes == ("openid", "email", "name")
    assert APPLE.authentication == "client_secret_post"
