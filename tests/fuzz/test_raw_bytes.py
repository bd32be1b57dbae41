"""Random bytes where credentials, forms and JSON are read: an answer below 500, whatever they are."""

import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.threats.lab import CLIENT_SECRET, COOKIE, REFRESH_COOKIE, Lab, basic, cookie, running
from tests.threats.wire import FORM, JSON

pytestmark = pytest.mark.anyio
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# A header's value cannot hold these: a server has refused them before we see it (RFC 9110, section 5.5).
HEADER = st.binary(max_size=600).filter(lambda raw: not set(raw) & {0, 10, 13})
SEGMENT = st.text("abcdefABCDEF0123456789-_=.", max_size=80).map(str.encode) | st.binary(max_size=20)
TOKEN = st.builds(
    lambda start, parts: start + b".".join(parts),
    st.sampled_from([b"", b"gpr_", b"gpc_", b"eyJ"]),
    st.lists(SEGMENT, max_size=5),
).filter(lambda raw: not set(raw) & {0, 10, 13})
FIELDS = ("grant_type", "username", "password", "scope", "refresh_token", "client_id", "token", "refresh_cookie", "x")
PAIR = st.builds(
    lambda name, value: name.encode() + b"=" + value,
    st.sampled_from(FIELDS),
    st.sampled_from([b"password", b"refresh_token", b"gatepost", b"true", b"%", b"%00", b"%ff"])
    | TOKEN
    | st.binary(max_size=40),
)
FORM_BODY = st.binary(max_size=400) | st.lists(PAIR, max_size=8).map(b"&".join)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.text(st.characters(categories=["Cs"]), max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ("identifier", "password", "email", "username", "full_name", "current_password", "new_password", "profile", "x")
)


@pytest.fixture(scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    async with running(tmp_path_factory.mktemp("bytes")) as found:
        yield found


@pytest.fixture(scope="module")
async def signed_in(lab: Lab) -> tuple[str, str]:
    return cookie(await lab.login(await lab.person()))


@many
@given(value=HEADER, token=TOKEN, scheme=st.sampled_from([b"", b"Bearer ", b"bearer  ", b"Basic ", b"BEARER\t"]))
async def test_any_bytes_in_an_authorization_header_are_nobody(
    lab: Lab, value: bytes, token: bytes, scheme: bytes
) -> None:
    for raw in (value, scheme + value, scheme + token):
        assert await lab.status(("authorization", raw)) == 401
        answer = await lab.send("POST", "/auth/introspect", headers=[FORM, ("authorization", raw)], body=b"token=x")
        assert answer.status == 401


@many
@given(value=HEADER, token=TOKEN)
async def test_any_bytes_in_a_cookie_header_are_nobody(lab: Lab, value: bytes, token: bytes) -> None:
    for raw in (value, *(f"{name}=".encode() + part for name in (COOKIE, REFRESH_COOKIE) for part in (value, token))):
        for method, path in (("GET", "/auth/me"), ("DELETE", "/auth/me"), ("POST", "/host/principal")):
            assert (await lab.send(method, path, headers=[("cookie", raw)])).status == 401
        body = b"grant_type=refresh_token"
        answer = await lab.send("POST", "/auth/token", headers=[FORM, ("cookie", raw)], body=body)
        assert answer.status == 400
        assert (await lab.send("POST", "/auth/logout", headers=[("cookie", raw)])).status in {204, 401}


@many
@given(body=FORM_BODY)
async def test_any_bytes_in_a_form_get_an_oauth_error_or_an_empty_answer(lab: Lab, body: bytes) -> None:
    for path in ("/auth/token", "/auth/revoke", "/auth/introspect"):
        answer = await lab.send("POST", path, headers=[FORM, basic("api", CLIENT_SECRET)], body=body)
        assert answer.status in ({400, 401} if path == "/auth/token" else {200, 400})
        if answer.status >= 400:
            assert set(answer.json()) == {"error", "error_description"}


@many
@given(
    body=st.binary(max_size=200)
    | st.dictionaries(NAMES, VALUE, max_size=4).map(lambda members: json.dumps(members).encode())
)
async def test_any_json_gets_an_answer_below_500(lab: Lab, signed_in: tuple[str, str], body: bytes) -> None:
    for path in ("/auth/register", "/auth/login"):
        assert (await lab.send("POST", path, headers=[JSON], body=body)).status < 500
    for method, path in (("PATCH", "/auth/me"), ("POST", "/auth/password/change")):
        assert (await lab.send(method, path, headers=[JSON, signed_in], body=body)).status < 500
    assert await lab.status(signed_in) == 200
