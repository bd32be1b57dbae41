"""Refresh tokens and the endpoints that take them: wrong by a letter, another's, asked for more than was granted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.threats.lab import CLIENT_SECRET, PASSWORD, Lab, basic, bearer, cookie, running
from tests.threats.wire import FORM, JSON, form

pytestmark = pytest.mark.anyio
LAST = {"A": "B", "Q": "R", "g": "h", "w": "x"}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "truncated": lambda token: token[:-1],
    "truncated by four": lambda token: token[:-4],
    "extended": lambda token: token + "A",
    "padded": lambda token: token + "=",
    "space before": lambda token: " " + token,
    "space after": lambda token: token + " ",
    "line break": lambda token: token + "\n",
    "tab": lambda token: "\t" + token,
    "NUL after": lambda token: token + "\0",
    "zero-width": lambda token: token + "\u200b",
    "upper": lambda token: token.upper(),
    "lower": lambda token: token.lower(),
    "one case flipped": lambda token: token[:4] + token[4:].swapcase(),
    "twice": lambda token: token + token,
    "without prefix": lambda token: token[4:],
    "prefix of a cookie": lambda token: "gpc_" + token[4:],
    "other last bits": lambda token: token[:-1] + LAST.get(token[-1], "_"),
    "one bit": lambda token: token[:40] + ("A" if token[40] != "A" else "B") + token[41:],
    "standard alphabet": lambda token: token[:20] + "+/" + token[22:],
    "percent": lambda token: f"{token[:10]}%{ord(token[10]):02X}{token[11:]}",
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_a_token_has_one_spelling(lab: Lab, spell: Callable[[str], str]) -> None:
    person = await lab.person()
    tokens, value = await lab.token(person), await lab.login(person)
    refresh, access = str(tokens["refresh_token"]), str(tokens["access_token"])
    assert (await lab.refresh(spell(refresh))).status == 400
    for wrong in (spell(access), spell(refresh)):
        assert await lab.status(("authorization", b"Bearer " + wrong.encode())) == 401
    if spell(value).strip(" \t") != value:  # RFC 6265, section 5.2: white space around a value is not part of it
        assert await lab.status(("cookie", f"__Host-gatepost={spell(value)}".encode())) == 401
    assert (await lab.refresh(refresh)).status == 200, "a wrong spelling must not touch the session"
    assert await lab.status(cookie(value)) == 200


async def test_a_refresh_for_another_client_gets_nothing_and_harms_nothing(lab: Lab) -> None:
    token = (await lab.token(await lab.person()))["refresh_token"]
    answer = await lab.refresh(token, client_id="other")
    assert (answer.status, answer.code) == (401, "invalid_client")
    assert (await lab.refresh(token)).status == 200


async def test_a_refresh_never_gets_a_larger_scope(lab: Lab) -> None:
    narrow = await lab.token(await lab.person(), scope="todo:read")
    assert narrow["scope"] == "todo:read"
    for scope in ("todo:read todo:write", "todo:write", "admin", "todo:read admin"):
        assert (await lab.refresh(narrow["refresh_token"], scope=scope)).code == "invalid_scope"
    assert (await lab.refresh(narrow["refresh_token"])).json()["scope"] == "todo:read"


async def test_a_narrowed_refresh_does_not_lose_the_rest_for_ever(lab: Lab) -> None:
    tokens = await lab.token(await lab.person())
    narrowed = (await lab.refresh(tokens["refresh_token"], scope="todo:read")).json()
    assert narrowed["scope"] == "todo:read"
    assert (await lab.refresh(narrowed["refresh_token"])).json()["scope"] == "todo:read todo:write"


async def test_a_reused_refresh_token_ends_the_session_after_the_grace(tmp_path: Path) -> None:
    async with running(tmp_path, refresh_grace=10) as own:
        stolen = (await own.token(await own.person()))["refresh_token"]
        honest = (await own.refresh(stolen)).json()
        own.gate.clock.advance(11)
        assert (await own.refresh(stolen)).code == "invalid_grant"
        assert (await own.refresh(honest["refresh_token"])).code == "invalid_grant"
        assert await own.status(bearer(honest["access_token"])) == 401


async def test_an_unknown_scope_is_refused_and_opens_no_session(lab: Lab) -> None:
    person = await lab.person()
    fields = {"grant_type": "password", "username": person.email, "password": PASSWORD}
    for scope in ("admin", "todo:read admin", "openid", "*", "todo:read\ttodo:admin"):
        assert (await lab.post_form("/auth/token", **fields, scope=scope)).code == "invalid_scope"
    value = await lab.login(person)
    assert len((await lab.send("GET", "/auth/sessions", headers=[cookie(value)])).json()["items"]) == 1


@pytest.mark.parametrize(
    "grant",
    ["client_credentials", "password ", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "PASSWORD"],
)
async def test_other_grants_are_refused_by_name(lab: Lab, grant: str) -> None:
    answer = await lab.post_form("/auth/token", grant_type=grant, username="x", password="y", client_id="gatepost")
    assert (answer.status, answer.code) == (400, "unsupported_grant_type")


async def test_the_password_grant_can_be_switched_off(tmp_path: Path) -> None:
    async with running(tmp_path, password_grant=False) as own:
        person = await own.person()
        answer = await own.post_form("/auth/token", grant_type="password", username=person.email, password=PASSWORD)
        assert (answer.status, answer.code) == (400, "unauthorized_client")


async def test_a_missing_field_is_never_the_next_step(lab: Lab) -> None:
    person = await lab.person()
    for fields in (
        {},
        {"grant_type": ""},
        {"grant_type": "password"},
        {"grant_type": "password", "username": person.email},
        {"grant_type": "password", "username": person.email, "password": ""},
        {"grant_type": "password", "password": PASSWORD},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": ""},
    ):
        answer = await lab.post_form("/auth/token", **fields)
        assert (answer.status, answer.code) == (400, "invalid_request")
    for path in ("/auth/revoke", "/auth/introspect"):
        assert (await lab.post_form(path, basic("api", CLIENT_SECRET))).code == "invalid_request"


@pytest.mark.parametrize("name", ["grant_type", "username", "password", "scope", "client_id"])
async def test_a_repeated_parameter_is_refused(lab: Lab, name: str) -> None:
    person = await lab.person()
    fields = {"grant_type": "password", "username": person.email, "password": PASSWORD, "scope": "todo:read"}
    fields["client_id"] = "gatepost"
    twice = form(**fields) + b"&" + form(**{name: fields[name]})
    answer = await lab.send("POST", "/auth/token", headers=[FORM], body=twice)
    assert (answer.status, answer.code) == (400, "invalid_request")


async def test_a_token_request_in_json_or_in_the_query_is_refused(lab: Lab) -> None:
    person = await lab.person()
    fields = form(grant_type="password", username=person.email, password=PASSWORD).decode()
    body = f'{{"grant_type": "password", "username": "{person.email}", "password": "{PASSWORD}"}}'.encode()
    for answer in (
        await lab.send("POST", "/auth/token", headers=[JSON], body=body),
        await lab.send("POST", f"/auth/token?{fields}", headers=[FORM]),
        await lab.send("POST", f"/auth/token?{fields}"),
    ):
        assert (answer.status, answer.code) == (400, "invalid_request")


async def test_revocation_by_another_client_answers_200_and_ends_nothing(lab: Lab) -> None:
    tokens = await lab.token(await lab.person())
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert (await lab.post_form("/auth/revoke", token=token, client_id="other")).status == 200
        assert (await lab.introspect(token))["active"] is True
    assert await lab.status(bearer(tokens["access_token"])) == 200


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revocation_by_the_owner_ends_the_session_at_once(lab: Lab, which: str) -> None:
    tokens = await lab.token(await lab.person())
    assert (await lab.post_form("/auth/revoke", token=tokens[which])).status == 200
    assert await lab.status(bearer(tokens["access_token"])) == 401
    assert (await lab.refresh(tokens["refresh_token"])).code == "invalid_grant"
    assert await lab.introspect(tokens["refresh_token"]) == {"active": False}


async def test_nobody_ends_a_session_by_guessing(lab: Lab) -> None:
    tokens = await lab.token(await lab.person())
    guess = tokens["refresh_token"][:-6] + "AAAAAA"
    for path, field in (("/auth/revoke", "token"), ("/auth/token", "refresh_token")):
        await lab.post_form(path, grant_type="refresh_token", **{field: guess})
    assert (await lab.introspect(tokens["refresh_token"]))["active"] is True


async def test_introspection_is_for_known_resource_servers(tmp_path: Path) -> None:
    async with running(tmp_path, introspection_clients={"api": CLIENT_SECRET, "empty": ""}) as own:
        tokens = await own.token(await own.person())
        access = tokens["access_token"]
        strangers: list[list[tuple[str | bytes, str | bytes]]] = [
            [],
            [basic("api", "wrong")],
            [basic("api", "")],
            [basic("", "")],
            [basic("", CLIENT_SECRET)],
            [basic("empty", "")],
            [basic("API", CLIENT_SECRET)],
            [bearer(access)],
            [("authorization", "Basic")],
            [("authorization", "Basic !!!!")],
            [("authorization", b"Basic \xff\xfe")],
            [("authorization", "Basic YXBp")],
            [cookie(await own.login(await own.person()))],
        ]
        for sent in strangers:
            answer = await own.post_form("/auth/introspect", *sent, token=access)
            assert (answer.status, answer.code) == (401, "invalid_client"), sent
            assert answer.header("www-authenticate") == "Basic"
        assert (await own.introspect(access))["active"] is True


async def test_introspection_says_nothing_of_a_token_that_is_not_good(lab: Lab) -> None:
    for token in ("x", "gpr_", "gpr_" + "A" * 75, "a.b.c", "\u00fc", "x" * 9_000):
        assert await lab.introspect(token) == {"active": False}


async def test_a_refresh_token_that_was_rotated_is_not_active(lab: Lab) -> None:
    before = (await lab.token(await lab.person()))["refresh_token"]
    after = (await lab.refresh(before)).json()["refresh_token"]
    assert await lab.introspect(before) == {"active": False}
    assert (await lab.introspect(after))["active"] is True
