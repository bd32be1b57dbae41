"""Cookies: their flags, two of one name, and values that are not ours, at every route."""

from pathlib import Path

import pytest

from tests.threats.admin_routes import ADMIN, filled
from tests.threats.lab import COOKIE, PASSWORD, REFRESH_COOKIE, Lab, bearer, cookie, running
from tests.threats.wire import JSON

pytestmark = pytest.mark.anyio
ID = "00000000-0000-7000-8000-000000000000"
OURS = [
    ("GET", "/auth/me"),
    ("GET", "/auth/me/export"),
    ("PATCH", "/auth/me"),
    ("DELETE", "/auth/me"),
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", f"/auth/sessions/{ID}"),
    ("POST", "/auth/password/change"),
    ("POST", "/auth/email/change"),
    ("GET", "/auth/api-keys"),
    ("POST", "/auth/api-keys"),
    ("DELETE", f"/auth/api-keys/{ID}"),
    ("GET", "/auth/identities"),
    ("POST", "/auth/identities/acme"),
    ("DELETE", f"/auth/identities/{ID}"),
    ("GET", "/host/principal"),
    ("POST", "/host/principal"),
    ("GET", "/host/user"),
    ("GET", "/host/admin"),
    ("GET", "/host/optional"),
    ("POST", "/host/optional"),
]
PROTECTED = [*OURS, *((method, filled(path)) for method, path in ADMIN)]
PUBLIC = {
    ("POST", "/auth/login"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/register"),
    ("POST", "/auth/token"),
    ("POST", "/auth/revoke"),
    ("POST", "/auth/introspect"),
    ("GET", "/auth/.well-known/jwks.json"),
    ("GET", "/auth/providers"),
    ("GET", "/auth/.well-known/oauth-authorization-server"),
    ("GET", "/auth/revocations"),
    ("POST", "/auth/email/change/confirm"),
    ("POST", "/auth/email/verify"),
    ("POST", "/auth/email/verify/send"),
    ("POST", "/auth/password/forgot"),
    ("POST", "/auth/password/reset"),
    ("POST", "/auth/password/renew"),
    ("POST", "/auth/login/email"),
    ("POST", "/auth/login/email/send"),
    ("POST", "/auth/disown"),
    ("POST", "/auth/invitation"),
    ("POST", "/auth/setup"),
}
# Public too, and named after a provider.
OF_PROVIDERS = {
    ("GET", "/auth/login/{provider}"),
    ("GET", "/auth/callback/{provider}"),
    ("POST", "/auth/callback/{provider}"),
    ("POST", "/auth/backchannel-logout/{provider}"),
}


def named(path: str) -> str:
    """Return a path as OpenAPI names it."""
    path = path.replace(f"api-keys/{ID}", "api-keys/{key_id}").replace("identities/acme", "identities/{provider}")
    return path.replace(f"identities/{ID}", "identities/{identity_id}").replace(ID, "{session_id}")


NOT_OURS = {
    "empty": "",
    "word": "x",
    "prefix only": "gpc_",
    "zeros": "gpc_" + "A" * 64,
    "longer": "gpc_" + "A" * 400,
    "huge": "gpc_" + "A" * 60_000,
    "not base64": "gpc_" + "!" * 64,
    "padded": "gpc_" + "A" * 62 + "==",
    "not ASCII": b"gpc_\xff\xfe\x80",
    "UTF-8": b"gpc_" + "ü".encode() * 32,
    "NUL": b"gpc_\x00\x00",
    "quoted": '"gpc_AAAA"',
    "SQL": "' OR 1=1 --",
    "JSON": '{"sub":"1"}',
    "pickle": b"gASVFAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU",
    "refresh prefix": "gpr_" + "A" * 75,
}


def _flags(line: str) -> tuple[str, set[str]]:
    name, *attributes = (part.strip() for part in line.split(";"))
    return name.split("=")[0], {attribute.lower() for attribute in attributes}


async def _lines(lab: Lab) -> list[str]:
    """Every cookie that our routes set or clear."""
    person = await lab.person()
    body = f'{{"identifier": "{person.email}", "password": "{PASSWORD}"}}'.encode()
    opened = await lab.post_json("/auth/login", body)
    token = await lab.post_form(
        "/auth/token", grant_type="password", username=person.email, password=PASSWORD, refresh_cookie="true"
    )
    change = f'{{"current_password": "{PASSWORD}", "new_password": "another horse battery"}}'.encode()
    value = str(opened.cookie(lab.gate.web.session_cookie))
    changed = await lab.post_json("/auth/password/change", change, cookie(value, lab.gate.web.session_cookie))
    closed = await lab.send("POST", "/auth/logout")
    lines = [line for answer in (opened, token, changed, closed) for line in answer.every("set-cookie")]
    assert len(lines) == 8
    return lines


async def test_cookies_on_https_are_bound_to_the_host_and_hidden_from_scripts(lab: Lab) -> None:
    for line in await _lines(lab):
        name, attributes = _flags(line)
        assert name in {COOKIE, REFRESH_COOKIE, "__Host-gatepost-device"}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
        assert not any(attribute.startswith("domain") for attribute in attributes)


async def test_cookies_on_http_are_hidden_from_scripts_and_never_claim_to_be_secure(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="http://localhost:8000") as plain:
        for line in await _lines(plain):
            name, attributes = _flags(line)
            assert name in {"gatepost", "gatepost-refresh", "gatepost-device"}
            assert {"httponly", "samesite=lax", "path=/"} <= attributes
            assert "secure" not in attributes
            assert not any(attribute.startswith("domain") for attribute in attributes)


@pytest.mark.parametrize(("method", "path"), PROTECTED)
async def test_two_cookies_of_one_name_are_refused_instead_of_guessed(lab: Lab, method: str, path: str) -> None:
    value = await lab.login(await lab.person())
    for headers in (
        [("cookie", f"{COOKIE}={value}; {COOKIE}=gpc_evil")],
        [("cookie", f"{COOKIE}=gpc_evil; {COOKIE}={value}")],
        [("cookie", f"{COOKIE}={value}"), ("cookie", f"a=b; {COOKIE}={value}")],
    ):
        assert (await lab.send(method, path, headers=headers)).status == 401
    assert await lab.status(cookie(value)) == 200


@pytest.mark.parametrize("value", NOT_OURS.values(), ids=NOT_OURS.keys())
async def test_a_cookie_that_is_not_ours_is_nobody_at_every_protected_route(lab: Lab, value: str | bytes) -> None:
    raw = value if isinstance(value, bytes) else value.encode()
    for method, path in PROTECTED:
        answer = await lab.send(method, path, headers=[JSON, ("cookie", COOKIE.encode() + b"=" + raw)], body=b"{}")
        assert answer.status == 401, (method, path, answer)


@pytest.mark.parametrize("value", NOT_OURS.values(), ids=NOT_OURS.keys())
async def test_a_cookie_that_is_not_ours_opens_nothing_at_public_routes(lab: Lab, value: str | bytes) -> None:
    raw = value if isinstance(value, bytes) else value.encode()
    public = [route for route in lab.routes() if route not in [*PROTECTED, *ADMIN] and "{" not in route[1]]
    assert set(public) == PUBLIC
    for method, path in [*public, *OF_PROVIDERS]:
        for name in (COOKIE, REFRESH_COOKIE):
            answer = await lab.send(method, path, headers=[("cookie", name.encode() + b"=" + raw)])
            assert answer.status < 500, (method, path, answer)
            assert not any(answer.cookie(each) for each in (COOKIE, REFRESH_COOKIE) if answer.cookie(each) != '""')


async def test_every_route_is_known_to_these_tests(lab: Lab) -> None:
    known = {(method, named(path)) for method, path in OURS}
    assert set(lab.routes()) == known | PUBLIC | OF_PROVIDERS | set(ADMIN)


async def test_a_cookie_of_another_name_is_not_read(lab: Lab) -> None:
    value = await lab.login(await lab.person())
    for name in (
        "gatepost",
        "__host-gatepost",
        "__Host-gatepost2",
        "x__Host-gatepost",
        "__Secure-gatepost",
        REFRESH_COOKIE,
    ):
        assert await lab.status(cookie(value, name)) == 401


async def test_a_good_cookie_does_not_excuse_a_bad_bearer_token(lab: Lab) -> None:
    value = await lab.login(await lab.person())
    assert await lab.status(cookie(value), bearer("x")) == 401
    assert await lab.status(bearer("x"), bearer("y")) == 401
