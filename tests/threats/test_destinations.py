"""Where signing in with others sends a browser or a code: a place that was surely meant, or none."""

from typing import Any

import pytest

from tests.social.upstream import Upstream
from tests.social.visit import begin, house

pytestmark = pytest.mark.anyio
GOOD, OTHER_ORIGIN = "https://good.example/cb", "https://app.example"
CHALLENGE = {"code_challenge": "c" * 43, "code_challenge_method": "S256"}
# Each of them against `redirect_uri`, `return_to` and `error_to`.
ELSEWHERE = [
    "https://good.example@evil.example/cb",
    "https://good.example%40evil.example/cb",
    "http://localhost:80@evil.example/cb",
    "http://localhost:8000@evil.example/",
    "https://good.example.evil.example/cb",
    "https://goodxexample/cb",
    "https://evil.example/cb?https://good.example/cb",
    "https://evil.example/https://good.example/cb",
    "https://good.example/cb/../evil",
    "https://good.example/cb/%2e%2e/evil",
    "https://good.example/cb%252f..",
    "https://good.example\\@evil.example/cb",
    "https:\\\\evil.example\\cb",
    "https:/\\evil.example",
    "\\/\\/evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https://good.example/cb\nSet-Cookie: x=y",
    "/ok\r\nLocation: https://evil.example",
    "https://good.example./cb",
    "https://GOOD.example/cb",
    "https://g\u043e\u043ed.example/cb",
    "https://xn--gd-jlcc.example/cb",
    "https://[::1]/cb",
    "https://[::ffff:127.0.0.1]/cb",
    "http://2130706433/cb",
    "https://good.example:443/cb",
    "https://good.example:8443/cb",
    "http://good.example/cb",
    "https://good.example/cb/",
    "https://good.example/CB",
    "https://good.example/cb?more=1",
    "https://good.example/cb#fragment",
    "https://good.example/cb;x",
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "//evil.example",
    "///evil.example",
    "/%2f/evil.example",
    "/..//evil.example",
    "/.//evil.example",
    "/%5c/evil.example",
    "evil.example",
    "http:evil.example",
    "https:evil.example",
    "http://app.example/",
    "https://app.example.evil.example/",
    "https://app.example@evil.example/",
    "https://app.example\\.evil.example/",
    "https://app.example:444/",
    "https://app.example//evil.example",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.2/cb",
    "http://127.0.0.1:0/cb",
    "http://127.0.0.1:99999/cb",
    "http://127.0.0.1:1@evil.example/cb",
    "http://user@127.0.0.1:1/cb",
    "http://127.0.0.1:1/cb/../evil",
    "http://127.0.0.1:1/other",
    "https://127.0.0.1:1/cb",
    "http://0x7f.1/cb",
    "com.example.app:/callback/more",
    "com.example.app://callback",
    "com.example.other:/callback",
    "x" * 5_000,
    "/" + "x" * 5_000,
    "\0",
    " /ok",
]
HOUSE: dict[str, Any] = {
    "redirect_uris": (GOOD, "http://127.0.0.1/cb", "com.example.app:/callback"),
    "trusted_origins": (OTHER_ORIGIN,),
}


@pytest.mark.parametrize("place", ["redirect_uri", "return_to", "error_to"])
async def test_what_is_not_surely_a_place_of_ours_gets_no_redirect(
    sqlite_url: str,
    upstream: Upstream,
    place: str,
) -> None:
    more = CHALLENGE if place == "redirect_uri" else {}
    async with house(sqlite_url, upstream, **HOUSE) as it:
        for value in ELSEWHERE:
            answer = await begin(it.client, **{place: value, **more})
            assert (answer.status_code, answer.json()["code"]) == (400, "social.invalid_request"), value
            assert not {"location", "set-cookie"} & answer.headers.keys()
            assert "evil" not in answer.text
        assert it.value("SELECT count(*) FROM gatepost_federation") == 0
        assert not [asked for asked in upstream.asked if asked.path == "/authorize"]


async def test_every_place_of_ours_is_one(sqlite_url: str, upstream: Upstream) -> None:
    async with house(sqlite_url, upstream, **HOUSE) as it:
        for value in (GOOD, "http://127.0.0.1:4711/cb", "com.example.app:/callback"):
            assert (await begin(it.client, redirect_uri=value, **CHALLENGE)).status_code == 303
        for value in ("/", "/a?b=c#d", "http://localhost:8000/a", f"{OTHER_ORIGIN}/", f"{OTHER_ORIGIN}/a?b#c"):
            assert (await begin(it.client, return_to=value, error_to=value)).status_code == 303


@pytest.mark.parametrize(
    "name",
    ["redirect_uri", "client_id", "state", "scope", "code_challenge", "return_to", "error_to", "prompt", "unknown"],
)
async def test_a_parameter_that_is_there_twice_is_refused(
    sqlite_url: str,
    upstream: Upstream,
    name: str,
) -> None:
    async with house(sqlite_url, upstream, **HOUSE) as it:
        for path in ("/auth/login/acme", "/auth/callback/acme"):
            answer = await it.client.get(f"{path}?{name}=/x&{name}=/x")
            assert (answer.status_code, answer.json()["code"]) == (400, "social.invalid_request")
        answer = await it.client.get(f"/auth/login/acme?{name}=/x&{name.replace('_', '%5f')}=/y")
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge": "c" * 42},
        {"code_challenge": "c" * 44},
        {"code_challenge": "c" * 42 + "="},
        {"response_type": "token"},
        {"response_type": "id_token"},
        {"response_type": "code id_token"},
        {"client_id": "another"},
        {"state": "x" * 513},
        {"state": "a\r\nb"},
        {"scope": "admin"},
        {"scope": "x" * 10_000},
        {"return_to": "/x"},
        {"prompt": "create"},
        {"max_age": "-1"},
        {"max_age": "1e9"},
        {"max_age": "9" * 40},
        {"redirect_uri": None},
    ],
    ids=lambda changes: "-".join(f"{name}={str(value)[:12]!r}" for name, value in changes.items()),
)
async def test_an_application_that_does_not_ask_rightly_begins_nothing(
    sqlite_url: str,
    upstream: Upstream,
    changes: dict[str, str | None],
) -> None:
    async with house(sqlite_url, upstream, **HOUSE) as it:
        asked = {"redirect_uri": GOOD, "state": "s", **CHALLENGE, **changes}
        answer = await begin(it.client, **{name: value for name, value in asked.items() if value is not None})
        assert (answer.status_code, answer.json()["code"]) == (400, "social.invalid_request")
        assert "location" not in answer.headers


async def test_a_server_without_redirect_uris_gives_codes_to_nobody(
    sqlite_url: str,
    upstream: Upstream,
) -> None:
    async with house(sqlite_url, upstream, redirect_uris=()) as it:
        for value in (GOOD, "http://127.0.0.1:1/cb", "/", "http://localhost:8000/"):
            assert (await begin(it.client, redirect_uri=value, **CHALLENGE)).status_code == 400
