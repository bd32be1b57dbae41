"""Bodies, headers, paths and queries that no honest client sends: 4xx with a stable code, and nothing happens."""

import time
from collections.abc import Iterable

import pytest

from tests.threats.lab import CLIENT_SECRET, PASSWORD, Lab, basic, bearer, cookie
from tests.threats.wire import FORM, JSON, Answer, form

pytestmark = pytest.mark.anyio
Pieces = bytes | list[bytes]
JSON_ROUTES = [
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("POST", "/auth/password/change"),
    ("PATCH", "/auth/me"),
]
FORM_ROUTES = ["/auth/token", "/auth/revoke", "/auth/introspect"]
BODIES: dict[str, Pieces] = {
    "nothing": b"",
    "brace": b"{",
    "not UTF-8": b'{"identifier": "\xff\xfe"}',
    "overlong UTF-8": b'{"identifier": "\xc0\xaf"}',
    "NUL": b"\x00",
    "null": b"null",
    "list": b"[]",
    "text": b'"x"',
    "number": b"1e999",
    "NaN": b"NaN",
    "wrong types": b'{"email": 1, "identifier": {}, "password": [], "full_name": 7, "profile": 3}',
    "nulls": b'{"identifier": null, "password": null, "current_password": null, "profile": {"bio": null}}',
    "unknown member": b'{"unknown": 1}',
    "lone surrogate": rb'{"identifier": "\ud800", "email": "\ud800@a.b", "password": "\udfff", "profile": "\ud800"}',
    "lone surrogate in a name": rb'{"\ud800": "\ud800"}',
    "escaped NUL": rb'{"identifier": "a\u0000b", "email": "a\u0000@b.c", "password": "\u0000", "profile": 0}',
    "deep, within the limit": b"[" * 60_000,
    "100k deep": b"[" * 100_000,
    "deep profile": b'{"profile": {"extra": ' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}}",
    "infinite profile": b'{"profile": {"score": 1e999}}',
    "surrogate profile": rb'{"profile": {"extra": {"a": "\ud800"}}}',
    "NUL profile": rb'{"profile": {"extra": {"a": "\u0000"}}}',
    "large profile": b'{"profile": {"bio": "' + b"x" * 30_000 + b'"}}',
    "long number": b'{"identifier": ' + b"9" * 5_000 + b"}",
    "10 kB password": b'{"identifier": "a@b.example", "email": "a@b.example", "password": "' + b"x" * 10_000 + b'"}',
    "many members": b"{" + b",".join(b'"k%d": 1' % n for n in range(4_000)) + b"}",
    "1 MB": b'{"identifier": "' + b"x" * 1_000_000 + b'"}',
    "1 MB in pieces": [b"x" * 50_000] * 20,
    "long member": b'{"' + b"k" * 60_000 + b'": 1}',
    "UTF-16": '{"unknown": "x"}'.encode("utf-16"),
    "form": b"identifier=a&password=b",
    "two documents": b"{}{}",
}
FORMS: dict[str, Pieces] = {
    "nothing": b"",
    "not UTF-8": b"grant_type=password&username=\xff&password=x&token=\xff",
    "escaped, not UTF-8": b"grant_type=password&username=%ff%fe&password=x&token=%ff",
    "lone surrogate": b"grant_type=password&username=%ED%A0%80&password=x&token=%ED%A0%80",
    "NUL": b"grant_type=password&username=a%00b&password=x&token=%00",
    "percent": b"grant_type=%%%&token=%zz&token=%",
    "ampersands": b"&" * 60_000,
    "many fields": b"&".join(b"f%d=1" % n for n in range(3_000)),
    "1 MB scope": b"grant_type=password&username=a&password=b&token=c&token=d&scope=" + b"x" * 1_000_000,
    "1 MB in pieces": [b"x" * 50_000] * 20,
    "JSON": b'{"grant_type": "password"}',
}


def _assert_refused(answer: Answer) -> None:
    assert 400 <= answer.status < 500, answer
    assert answer.code
    assert answer.header("cache-control") == "no-store"
    assert len(answer.body) < 20_000, "an answer must not be larger than it has to be"


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_bad_json_body_is_a_4xx_with_a_code(lab: Lab, body: Pieces) -> None:
    person = await lab.person()
    value = await lab.login(person)
    before = (await lab.send("GET", "/auth/me", headers=[cookie(value)])).body
    for method, path in JSON_ROUTES:
        for content_type in ("application/json", "application/json; charset=utf-16", "application/problem+json"):
            sent = [("content-type", content_type), cookie(value)]
            _assert_refused(await lab.send(method, path, headers=sent, body=body))
    assert (await lab.send("GET", "/auth/me", headers=[cookie(value)])).body == before


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "",
        "application/xml",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "json",
        b"\xff\xfe;\x00",
    ],
)
async def test_json_under_another_name_is_not_read(lab: Lab, content_type: str | bytes) -> None:
    person = await lab.person()
    body = f'{{"identifier": "{person.email}", "password": "{PASSWORD}"}}'.encode()
    answer = await lab.send("POST", "/auth/login", headers=[("content-type", content_type)], body=body)
    _assert_refused(answer)
    assert answer.every("set-cookie") == []


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS.keys())
async def test_a_bad_form_is_a_4xx_with_an_oauth_error(lab: Lab, body: Pieces) -> None:
    for path in FORM_ROUTES:
        answer = await lab.send("POST", path, headers=[FORM, basic("api", CLIENT_SECRET)], body=body)
        assert answer.status == 400, (path, answer)
        assert answer.code in {"invalid_request", "invalid_grant"}
        assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize("length", ["-1", "x", "", "1e3", "9" * 30, "65537", "+5", "5, 6", "\u0665"])
async def test_a_length_that_lies_or_is_none_is_refused(lab: Lab, length: str) -> None:
    sent = [JSON, ("content-length", length.encode())]
    answer = await lab.send("POST", "/auth/login", headers=sent, body=b'{"a": 1}')
    _assert_refused(answer)


async def test_a_body_longer_than_its_length_says_is_still_bounded(lab: Lab) -> None:
    for length in ("5", "0" * 25 + "5"):
        sent = [JSON, ("content-length", length)]
        answer = await lab.send("POST", "/auth/login", headers=sent, body=[b"x" * 50_000] * 3)
        assert (answer.status, answer.code) == (413, "request.too_large")


async def test_a_client_that_hangs_up_in_the_middle_breaks_nothing(lab: Lab) -> None:
    for method, path in JSON_ROUTES[:2]:
        _assert_refused(await lab.send(method, path, headers=[JSON], body=[b"{"], hangs_up=True))
    for path in FORM_ROUTES:
        sent = [FORM, basic("api", CLIENT_SECRET)]
        _assert_refused(await lab.send("POST", path, headers=sent, body=[b"grant"], hangs_up=True))


async def test_of_two_members_with_one_name_one_is_read_everywhere(lab: Lab) -> None:
    person, other = await lab.person(), await lab.person()
    body = f'{{"identifier": "{other.email}", "identifier": "{person.email}", "password": "{PASSWORD}"}}'.encode()
    answer = await lab.post_json("/auth/login", body)
    assert answer.json()["email"] == person.email
    me = await lab.send("GET", "/auth/me", headers=[cookie(str(answer.cookie("__Host-gatepost")))])
    assert me.json()["email"] == person.email


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=101",
        "limit=99999999999999999999",
        "limit=1e2",
        "limit=x",
        "limit=",
        "limit=%00",
        "limit=1&limit=x",
        "cursor=AAAA",
        "cursor=%ff%00",
        "cursor=%ED%A0%80",
        "cursor=../../etc/passwd",
        "cursor='%20OR%201=1",
        f"cursor={'a' * 70}",
        f"cursor={'a' * 60_000}",
    ],
)
async def test_a_bad_cursor_or_limit_is_a_4xx_with_a_code(lab: Lab, query: str) -> None:
    value = await lab.login(await lab.person())
    _assert_refused(await lab.send("GET", f"/auth/sessions?{query}", headers=[cookie(value)]))


@pytest.mark.parametrize(
    "segment", [b"%ff", b"\xff\xfe", b"%00", b"..%2f..", b"1", b"null", b"%F0%9F%98%80", b"x" * 9_000]
)
async def test_a_bad_id_in_a_path_is_a_4xx(lab: Lab, segment: bytes) -> None:
    value = await lab.login(await lab.person())
    answer = await lab.send("DELETE", b"/auth/sessions/" + segment, headers=[cookie(value)])
    assert answer.status in {404, 422}
    assert await lab.status(cookie(value)) == 200


@pytest.mark.parametrize(
    "name", ["authorization", "cookie", "user-agent", "origin", "accept", "x-request-id", "host", "range"]
)
async def test_bytes_in_a_header_are_never_a_server_error(lab: Lab, name: str) -> None:
    person = await lab.person()
    fields = form(grant_type="password", username=person.email, password=PASSWORD)
    for value in (
        b"\xff\xfe",
        b"\x00",
        b"a" * 60_000,
        b";;;===,,,",
        b"Bearer \xff",
        b"Basic \xff",
        b"\r\nset-cookie: a=b",
        b"",
    ):
        for method, path in [*JSON_ROUTES, ("GET", "/auth/me"), ("GET", "/auth/.well-known/jwks.json")]:
            answer = await lab.send(method, path, headers=[(name, value), JSON], body=b"{}")
            assert answer.status < 500
            assert answer.cookie("a") is None
        assert (await lab.send("POST", "/auth/token", headers=[(name, value), FORM], body=fields)).status < 500


PRIVILEGES: list[bytes] = [
    b'"roles": ["admin"]',
    b'"email_verified": true',
    b'"id": "00000000-0000-7000-8000-000000000000"',
    b'"is_superuser": true',
    b'"is_disabled": false',
    b'"epoch": 99',
    b'"password_hash": "x"',
    b'"created_at": "2000-01-01T00:00:00Z"',
    b'"__class__": "x"',
]


@pytest.mark.parametrize("member", PRIVILEGES)
async def test_nobody_gives_themselves_a_privilege(lab: Lab, member: bytes) -> None:
    person = await lab.person()
    token = bearer((await lab.token(person))["access_token"])
    before = (await lab.send("GET", "/auth/me", headers=[token])).body
    for body in (b"{" + member + b"}", b'{"profile": {' + member + b"}}", b'{"full_name": "Eve", ' + member + b"}"):
        answer = await lab.send("PATCH", "/auth/me", headers=[JSON, token], body=body)
        assert (answer.status, answer.code) == (422, "request.invalid")
    assert (await lab.send("GET", "/auth/me", headers=[token])).body == before
    new = b'{"email": "eve@example.com", "password": "correct horse battery", ' + member + b"}"
    assert (await lab.post_json("/auth/register", new)).status == 422
    assert await lab.gate.users.find("eve@example.com") is None


async def test_hostile_text_costs_little(lab: Lab) -> None:
    async def spend(bodies: Iterable[tuple[str, bytes]]) -> float:
        begin = time.process_time()
        for path, body in bodies:
            assert (await lab.post_json(path, body)).status in {400, 401, 413, 422}
        return time.process_time() - begin

    texts = ("a@" + "a." * 150, "\u0301" * 300, "ﷺ" * 300, "xn--" + "a" * 300, "@" * 320, "a" + "\u200d" * 300)
    bodies = [("/auth/register", f'{{"email": "{text}", "password": "{PASSWORD}"}}'.encode()) for text in texts]
    bodies += [("/auth/register", f'{{"username": "{text}", "password": "{PASSWORD}"}}'.encode()) for text in texts]
    bodies += [
        ("/auth/login", f'{{"identifier": "a", "password": "{text * 5}"}}'.encode())
        for text in ("ﷺ" * 200, "\u0344" * 200)
    ]
    await spend(bodies[:1])
    for each in bodies:
        assert await spend([each]) < 0.1
