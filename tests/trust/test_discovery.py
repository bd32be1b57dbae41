"""What an issuer says of itself: where it is asked, what is believed, and what is not."""

from typing import Any

import pytest

from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy
from gatepost.trust.discovery import Metadata, discover, read_metadata
from tests.outbound.origin import document, page
from tests.trust.issuer import Issuer

pytestmark = pytest.mark.anyio
ISSUER = "https://issuer.example"
RFC_8414 = "/.well-known/oauth-authorization-server"


def read(**members: object) -> Metadata:
    return read_metadata({"issuer": ISSUER, **members}, expected_issuer=ISSUER, policy=OutboundPolicy())


async def test_an_issuer_says_where_to_go(issuer: Issuer, outbound: Outbound) -> None:
    issuer.say(
        userinfo_endpoint=f"{issuer.url}/me",
        gatepost_revocations=f"{issuer.url}/revocations",
        token_endpoint_auth_methods_supported=["client_secret_basic"],
        id_token_signing_alg_values_supported=["RS256", "ES256"],
        authorization_response_iss_parameter_supported=True,
        something_new={"not": "read"},
    )
    found = await discover(outbound, issuer.url)
    assert found == Metadata(
        issuer=issuer.url,
        authorization_endpoint=f"{issuer.url}/authorize",
        token_endpoint=f"{issuer.url}/token",
        jwks_uri=f"{issuer.url}/keys",
        userinfo_endpoint=f"{issuer.url}/me",
        gatepost_revocations=f"{issuer.url}/revocations",
        token_endpoint_auth_methods_supported=("client_secret_basic",),
        id_token_signing_alg_values_supported=("RS256", "ES256"),
        authorization_response_iss_parameter_supported=True,
    )


@pytest.mark.parametrize(
    ("path", "first", "second"),
    [
        ("", "/.well-known/openid-configuration", RFC_8414),
        ("/", "/.well-known/openid-configuration", RFC_8414),
        ("/a/b", "/a/b/.well-known/openid-configuration", f"{RFC_8414}/a/b"),
        ("/a/", "/a/.well-known/openid-configuration", f"{RFC_8414}/a"),
    ],
)
@pytest.mark.parametrize(
    "instead", [page(b"", status=404), page(b"<html>welcome</html>", kind="text/html")], ids=["404", "a-page"]
)
async def test_it_is_asked_at_both_places_of_the_standards(
    path: str, first: str, second: str, instead: bytes, issuer: Issuer, outbound: Outbound
) -> None:
    name = f"{issuer.url}{path}"
    issuer.origin.answers.clear()
    issuer.origin.answers |= {first: instead, second: document({"issuer": name})}
    assert (await discover(outbound, name)).issuer == name
    assert [request.path for request in issuer.origin.requests] == [first, second]


async def test_one_that_is_slow_or_gone_is_not_asked_at_the_other_place(issuer: Issuer, outbound: Outbound) -> None:
    issuer.origin.answers["/.well-known/openid-configuration"] = page(b"", content_encoding="gzip")
    with pytest.raises(OutboundFailed):
        await discover(outbound, issuer.url)
    assert len(issuer.origin.requests) == 1


@pytest.mark.parametrize("said", ["absent", None, "", "{}/", "{}/a", "https://evil.example", ["{}"], 5])
async def test_it_is_believed_for_exactly_the_issuer_that_was_asked(
    said: Any,  # noqa: ANN401 - whatever it says
    issuer: Issuer,
    outbound: Outbound,
) -> None:
    issuer.say(issuer=None if said == "absent" else said.format(issuer.url) if isinstance(said, str) else said)
    with pytest.raises(OutboundFailed) as refused:
        await discover(outbound, issuer.url)
    assert refused.value.reason == "content"


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint", "authorization_endpoint", "gatepost_revocations"])
@pytest.mark.parametrize(
    "value",
    [
        "http://issuer.example/x", "javascript:alert(1)", "//issuer.example/x", "/x", "", "https://", 5, ["https://a/"],
        "https://user@issuer.example/", "https://issuer.example/#x", "https://issuer.example/\n", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_an_endpoint_is_a_plain_https_url(name: str, value: object) -> None:
    with pytest.raises(OutboundFailed) as refused:
        read(**{name: value})
    assert refused.value.reason == "content"


@pytest.mark.parametrize("value", ["RS256", [5], [None], {"a": 1}, ["x"] * 101])
def test_a_list_of_names_is_one(value: object) -> None:
    with pytest.raises(OutboundFailed):
        read(id_token_signing_alg_values_supported=value)


@pytest.mark.parametrize("value", [1, "true", ["x"], {}])
def test_only_true_is_true(value: object) -> None:
    assert not read(authorization_response_iss_parameter_supported=value).authorization_response_iss_parameter_supported


def test_what_is_not_said_or_null_is_not_there() -> None:
    assert read(userinfo_endpoint=None, code_challenge_methods_supported=None) == Metadata(issuer=ISSUER)


@pytest.mark.parametrize("url", ["https://issuer.example/?a=b", "https://issuer.example/#a", "http://issuer.example"])
async def test_what_cannot_be_an_issuer_is_not_asked(url: str) -> None:
    with pytest.raises(OutboundFailed) as refused:
        await discover(Outbound(), url)
    assert refused.value.reason in {"url", "scheme"}
