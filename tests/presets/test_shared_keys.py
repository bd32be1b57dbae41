"""One key set for many tenants: a key that says whose it is signs for nobody else (Microsoft's is such a set)."""

import json
from typing import Any

import pytest

from gatepost.crypto.jwk import generate_key, load_key
from gatepost.kernel.clock import Clock
from gatepost.outbound import OutboundFailed, OutboundPolicy
from gatepost.outbound.answer import Answer
from gatepost.trust.discovery import discover
from gatepost.trust.jwks import JsonWebKeys
from tests.presets.saying import CONSUMERS, TENANT

pytestmark = pytest.mark.anyio
CLOUD = "https://login.microsoftonline.com"
COMMON = f"{CLOUD}/common/v2.0"


class Saying:
    """An outbound client that is told the one answer."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.policy = OutboundPolicy()
        self._body = json.dumps(document).encode()

    async def get(self, url: str, *_given: object, **_more: object) -> Answer:
        return Answer(200, {}, self._body)


def key(kid: str, issuer: object = None) -> dict[str, Any]:
    """Return a key as Microsoft publishes it: without `alg`."""
    public = load_key(generate_key("RS256")).public_jwk() or {}
    return {**{name: public[name] for name in ("kty", "use", "n", "e")}, "kid": kid, "issuer": issuer}


async def read(*keys: dict[str, Any]) -> JsonWebKeys:
    found = JsonWebKeys(Saying({"keys": keys}), Clock())  # type: ignore[arg-type]
    await found.freshen(f"{CLOUD}/keys")
    return found


async def test_a_key_signs_for_the_tenants_that_it_names() -> None:
    every, people, anybody = (
        key("every", f"{CLOUD}/{{tenantid}}/v2.0"),
        key("people", f"{CLOUD}/{CONSUMERS}/v2.0"),
        key("x"),
    )
    found = await read(every, people, anybody)
    assert found.keys.keys() == {"every", "people", "x"}
    assert found.keys_of(f"{CLOUD}/{TENANT}/v2.0").keys() == {"every", "x"}
    assert found.keys_of(f"{CLOUD}/{CONSUMERS}/v2.0").keys() == {"every", "people", "x"}
    assert found.keys_of(f"{CLOUD}/a/b/v2.0").keys() == {"x"}
    assert found.keys_of("https://login.evil.test/v2.0").keys() == {"x"}


async def test_a_key_that_is_listed_twice_signs_for_both() -> None:
    one = key("one", f"{CLOUD}/{TENANT}/v2.0")
    found = await read(one, {**one, "issuer": f"{CLOUD}/{CONSUMERS}/v2.0"})
    assert found.keys_of(f"{CLOUD}/{TENANT}/v2.0").keys() == {"one"}
    assert found.keys_of(f"{CLOUD}/{CONSUMERS}/v2.0").keys() == {"one"}
    assert not found.keys_of(f"{CLOUD}/{TENANT[:-1]}0/v2.0")


async def test_the_dots_of_a_name_are_dots() -> None:
    found = await read(key("one", "https://login.house.test"))
    assert not found.keys_of("https://loginxhouse.test")


async def test_metadata_is_believed_under_the_name_that_is_expected_and_no_other() -> None:
    document = {"issuer": f"{CLOUD}/{{tenantid}}/v2.0", "jwks_uri": f"{CLOUD}/keys"}
    found = await discover(Saying(document), COMMON, named=f"{CLOUD}/{{tenantid}}/v2.0")  # type: ignore[arg-type]
    assert found.jwks_uri == f"{CLOUD}/keys"
    for named in (None, f"{CLOUD}/{TENANT}/v2.0"):
        with pytest.raises(OutboundFailed):
            await discover(Saying(document), COMMON, named=named)  # type: ignore[arg-type]
