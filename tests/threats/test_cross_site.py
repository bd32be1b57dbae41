"""Other people's pages: every unsafe request that carries or sets a cookie of ours, and every WebSocket."""

from pathlib import Path

import pytest

from tests.threats.lab import COOKIE, ORIGIN, PASSWORD, REFRESH_COOKIE, Lab, bearer, cookie, running
from tests.threats.wire import FORM, JSON, form, open_socket

pytestmark = pytest.mark.anyio
Sent = list[tuple[str, str]]
ID = "00000000-0000-7000-8000-000000000000"
SITE, FROM = "sec-fetch-site", "origin"
FOREIGN: dict[str, Sent] = {
    "cross-site": [(SITE, "cross-site"), (FROM, "https://evil.example")],
    "cross-site without origin": [(SITE, "cross-site")],
    "same-site without origin": [(SITE, "same-site")],
    "subdomain": [(SITE, "same-site"), (FROM, "https://sub.localhost")],
    "other port": [(SITE, "same-site"), (FROM, "https://localhost:8443")],
    "http": [(SITE, "cross-site"), (FROM, "http://localhost")],
    "null": [(FROM, "null")],
    "null, cross-site": [(SITE, "cross-site"), (FROM, "null")],
    "null, says same-origin": [(SITE, "same-origin"), (FROM, "null")],
    "old browser": [(FROM, "https://evil.example")],
    "old browser, http": [(FROM, "http://localhost")],
    "old browser, port": [(FROM, "https://localhost:444")],
    "suffix": [(FROM, "https://localhost.evil.example")],
    "prefix": [(FROM, "https://evil-localhost")],
    "user part": [(FROM, "https://localhost@evil.example")],
    "two in one": [(FROM, "https://localhost https://evil.example")],
    "path": [(FROM, "https://localhost/")],
    "file": [(FROM, "file://")],
    "extension": [(FROM, "chrome-extension://abcdefghijklmnop")],
    "not ASCII": [(FROM, "https://l\xf6calhost")],
    "unknown word": [(SITE, "same_origin")],
    "huge": [(FROM, "https://" + "e" * 5_000)],
}
OWN: dict[str, Sent] = {
    "our page": [(SITE, "same-origin"), (FROM, ORIGIN)],
    "our page, no origin": [(SITE, "same-origin")],
    "typed by the person": [(SITE, "none")],
    "our page, old browser": [(FROM, ORIGIN)],
    "trusted page": [(SITE, "cross-site"), (FROM, "https://app.example")],
    "no browser": [],
}
UNSAFE = [
    ("POST", "/auth/login"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/register"),
    ("POST", "/auth/token"),
    ("POST", "/auth/revoke"),
    ("POST", "/auth/introspect"),
    ("POST", "/auth/password/change"),
    ("PATCH", "/auth/me"),
    ("DELETE", "/auth/me"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", f"/auth/sessions/{ID}"),
    ("POST", "/host/principal"),
    ("POST", "/host/optional"),
]
SETTING = [
    ("POST", "/auth/login"),
    ("POST", "/auth/logout"),
    ("POST", "/auth/password/change"),
    ("DELETE", "/auth/me"),
]


def _names_cure(text: str, sent: Sent) -> bool:
    shown = dict(sent).get(FROM) or dict(sent)[SITE]
    return shown[:200] in text and "GATEPOST_TRUSTED_ORIGINS" in text


@pytest.mark.parametrize("sent", FOREIGN.values(), ids=FOREIGN.keys())
async def test_a_foreign_page_cannot_use_the_cookie_at_any_unsafe_route(lab: Lab, sent: Sent) -> None:
    value = await lab.login(await lab.person())
    for method, path in UNSAFE:
        for name in (COOKIE, REFRESH_COOKIE) if path.startswith("/auth") else (COOKIE,):
            answer = await lab.send(method, path, headers=[cookie(value, name), JSON, *sent], body=b"{}")
            assert answer.status == 403, (method, path, answer)
            assert _names_cure(str(answer.json()), sent), answer
    assert await lab.status(cookie(value)) == 200


@pytest.mark.parametrize("sent", FOREIGN.values(), ids=FOREIGN.keys())
async def test_a_foreign_page_cannot_make_a_browser_take_a_cookie(lab: Lab, sent: Sent) -> None:
    person = await lab.person()
    body = f'{{"identifier": "{person.email}", "password": "{PASSWORD}"}}'.encode()
    for method, path in SETTING:
        answer = await lab.send(method, path, headers=[JSON, *sent], body=body)
        assert answer.status == 403, (method, path, answer)
        assert answer.code == "request.cross_site"
        assert answer.every("set-cookie") == []
    fields = form(grant_type="password", username=person.email, password=PASSWORD, refresh_cookie="true")
    answer = await lab.send("POST", "/auth/token", headers=[FORM, *sent], body=fields)
    assert answer.status == 403
    assert _names_cure(answer.json()["error_description"], sent)
    assert answer.every("set-cookie") == []


@pytest.mark.parametrize("sent", OWN.values(), ids=OWN.keys())
async def test_our_own_and_trusted_pages_pass(tmp_path: Path, sent: Sent) -> None:
    async with running(tmp_path, trusted_origins=("https://app.example",)) as own:
        value = await own.login(await own.person(), *sent)
        answer = await own.send("PATCH", "/auth/me", headers=[JSON, cookie(value), *sent], body=b'{"full_name": "Ada"}')
        assert answer.status == 200
        assert (await own.send("POST", "/host/principal", headers=[cookie(value), *sent])).status == 200
        assert (await own.send("POST", "/auth/logout", headers=[cookie(value), *sent])).status == 204


@pytest.mark.parametrize("trusted", ["null", "*", "", "https://*"])
async def test_no_setting_trusts_every_origin(tmp_path: Path, trusted: str) -> None:
    async with running(tmp_path, trusted_origins=(trusted,)) as own:
        value = await own.login(await own.person())
        for sent in FOREIGN.values():
            answer = await own.send("POST", "/host/principal", headers=[cookie(value), *sent])
            assert answer.status == 403


@pytest.mark.parametrize("sent", FOREIGN.values(), ids=FOREIGN.keys())
async def test_a_foreign_page_cannot_open_a_web_socket_with_the_cookie(lab: Lab, sent: Sent) -> None:
    value = await lab.login(await lab.person())
    (message,) = await open_socket(lab.app, "/host/ws", headers=[cookie(value), *sent])
    assert (message["type"], message["code"]) == ("websocket.close", 1008)


async def test_our_own_page_can_open_a_web_socket(lab: Lab) -> None:
    person = await lab.person()
    sent = [cookie(await lab.login(person)), (FROM, ORIGIN), (SITE, "same-origin")]
    first, *_ = await open_socket(lab.app, "/host/ws", headers=sent)
    assert first["type"] == "websocket.accept"


@pytest.mark.parametrize("sent", [[], [cookie("gpc_x")], [bearer("x")], [cookie("a"), cookie("b")]])
async def test_a_web_socket_without_a_good_credential_is_never_accepted(lab: Lab, sent: Sent) -> None:
    (message,) = await open_socket(lab.app, "/host/ws", headers=sent)
    assert (message["type"], message["code"]) == ("websocket.close", 1008)


async def test_a_foreign_page_changes_nothing_by_get(lab: Lab) -> None:
    person = await lab.person()
    value = await lab.login(person)
    before = await lab.gate.users.find(person.email)
    for method, path in lab.routes():
        if method == "GET":
            answer = await lab.send("GET", path, headers=[cookie(value), *FOREIGN["cross-site"]])
            assert answer.every("set-cookie") == []
            assert answer.header("access-control-allow-origin") is None
    assert await lab.gate.users.find(person.email) == before
    assert await lab.status(cookie(value)) == 200
