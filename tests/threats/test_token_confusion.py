"""A credential is good for one thing: every kind of token at every place that takes a token."""

import pytest

from tests.threats.lab import CLIENT_SECRET, COOKIE, REFRESH_COOKIE, Lab, Person, basic, bearer, cookie
from tests.threats.wire import Answer

pytestmark = pytest.mark.anyio
KINDS = (
    "access token",
    "refresh token",
    "session cookie",
    "mailbox key",
    "client secret",
    "key id",
    "user id",
    "session id",
)
PLACES = ("bearer", "cookie", "refresh", "refresh cookie", "introspection")
GOOD = {
    ("access token", "bearer"),
    ("access token", "introspection"),
    ("refresh token", "refresh"),
    ("refresh token", "refresh cookie"),
    ("refresh token", "introspection"),
    ("session cookie", "cookie"),
}


async def _credential(lab: Lab, person: Person, kind: str) -> str:
    tokens = await lab.token(person)
    session = (await lab.introspect(tokens["refresh_token"]))["sid"]
    return {
        "access token": str(tokens["access_token"]),
        "refresh token": str(tokens["refresh_token"]),
        "session cookie": await lab.login(person),
        "mailbox key": lab.gate.mailbox_key,
        "client secret": CLIENT_SECRET,
        "key id": lab.gate.core.keyring.signer().kid,
        "user id": person.id,
        "session id": str(session),
    }[kind]


async def _is_good(lab: Lab, place: str, value: str) -> bool:
    match place:
        case "bearer":
            return await lab.status(bearer(value)) == 200
        case "cookie":
            return await lab.status(cookie(value, COOKIE)) == 200
        case "refresh":
            return _granted(await lab.refresh(value))
        case "refresh cookie":
            sent = cookie(value, REFRESH_COOKIE)
            return _granted(await lab.post_form("/auth/token", sent, grant_type="refresh_token"))
        case _:
            return bool((await lab.introspect(value))["active"])


def _granted(answer: Answer) -> bool:
    assert answer.status in {200, 400}
    assert answer.status == 200 or answer.code == "invalid_grant"
    return answer.status == 200


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_credential_is_good_for_its_own_purpose_only(lab: Lab, kind: str, place: str) -> None:
    person = await lab.person()
    assert await _is_good(lab, place, await _credential(lab, person, kind)) is ((kind, place) in GOOD)


async def test_a_bearer_token_is_not_read_from_a_query_or_a_form(lab: Lab) -> None:
    token = (await lab.token(await lab.person()))["access_token"]
    assert (await lab.send("GET", f"/auth/me?access_token={token}")).status == 401
    assert (await lab.post_form("/host/principal", access_token=token)).status == 401


@pytest.mark.parametrize("scheme", ["Basic", "Digest", "Token", "JWT", "DPoP", "Negotiate", ""])
async def test_a_token_under_another_scheme_is_nobody(lab: Lab, scheme: str) -> None:
    token = (await lab.token(await lab.person()))["access_token"]
    assert await lab.status(("authorization", f"{scheme} {token}")) == 401


async def test_a_refused_credential_is_not_somebody_even_where_nobody_may_come(lab: Lab) -> None:
    tokens = await lab.token(await lab.person())
    assert await lab.status(path="/host/optional") == 200
    assert await lab.status(bearer(tokens["refresh_token"]), path="/host/optional") == 401
    assert await lab.status(cookie(tokens["access_token"]), path="/host/optional") == 401


async def test_the_secret_of_a_client_opens_introspection_only(lab: Lab) -> None:
    for path in ("/auth/me", "/auth/sessions", "/host/principal"):
        assert await lab.status(basic("api", CLIENT_SECRET), path=path) == 401
