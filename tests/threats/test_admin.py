"""Those who would administer and may not: on every route of the admin API, and in every body."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.threats.admin_routes import ADMIN, filled
from tests.threats.lab import PASSWORD, Lab, Person, bearer, cookie, running
from tests.threats.wire import JSON, Answer

pytestmark = pytest.mark.anyio
BODY = json.dumps({"email": "new@example.com", "reason": "x", "email_verified": True}).encode()


async def _token(lab: Lab, person: Person) -> str:
    return str((await lab.token(person))["access_token"])


async def _acting(lab: Lab, admin: Person, user: Person) -> Answer:
    headers = bearer(await _token(lab, admin))
    return await lab.post_json(f"/auth/admin/users/{user.id}/impersonate", b'{"reason": "x"}', headers)


async def _key(lab: Lab, admin: Person) -> str:
    answer = await lab.post_json("/auth/api-keys", b'{"name": "x"}', bearer(await _token(lab, admin)))
    assert answer.status == 201, answer
    return str(answer.json()["key"])


@pytest.mark.parametrize("caller", ["nobody", "a user", "a lesser administrator", "an API key", "an impersonator"])
async def test_nobody_but_an_administrator_in_person_reaches_any_admin_route(lab: Lab, caller: str) -> None:
    admin, user = await lab.person(roles=["admin"]), await lab.person(roles=["editor"])
    headers: list[Any] = [JSON]
    match caller:
        case "a user":
            headers.append(bearer(await _token(lab, user)))
        case "a lesser administrator":
            headers.append(bearer(await _token(lab, await lab.person(roles=["admins", "administrator", "owner"]))))
        case "an API key":
            headers.append(bearer(await _key(lab, admin)))
        case "an impersonator":
            headers.append(bearer((await _acting(lab, admin, user)).json()["access_token"]))
    before = await lab.gate.users.page()
    for method, path in ADMIN:
        answer = await lab.send(method, filled(path, user.id), headers=headers, body=BODY)
        assert answer.status == (401 if caller == "nobody" else 403), (method, path, answer)
    assert await lab.gate.users.page() == before


async def test_a_stolen_old_session_of_an_administrator_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as lab:
        admin, user = await lab.person(roles=["admin"]), await lab.person()
        value = await lab.login(admin)
        lab.gate.clock.advance(601)
        for method, path in ADMIN:
            if method != "GET":
                answer = await lab.send(method, filled(path, user.id), headers=[JSON, cookie(value)], body=BODY)
                assert (answer.status, answer.code) == (403, "session.not_fresh"), (method, path, answer)
        assert await lab.status(cookie(value), path="/auth/admin/users") == 200


async def test_a_foreign_page_administers_nothing_with_the_cookie(lab: Lab) -> None:
    admin, user = await lab.person(roles=["admin"]), await lab.person()
    headers = [
        JSON,
        cookie(await lab.login(admin)),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ]
    for method, path in ADMIN:
        if method != "GET":
            answer = await lab.send(method, filled(path, user.id), headers=headers, body=BODY)
            assert (answer.status, answer.code) == (403, "request.cross_site"), (method, path, answer)


@pytest.mark.parametrize(
    "more",
    [
        {"roles": ["admin"]},
        {"epoch": 0},
        {"id": "00000000-0000-7000-8000-000000000000"},
        {"is_disabled": False},
        {"password_hash": "x"},
        {"email": "evil@example.com"},
    ],
)
async def test_an_administrator_s_body_writes_only_what_it_is_for(lab: Lab, more: dict[str, Any]) -> None:
    admin, user = await lab.person(roles=["admin"]), await lab.person()
    body = json.dumps({"email_verified": True, **more}).encode()
    headers = [JSON, bearer(await _token(lab, admin))]
    answer = await lab.send("PATCH", f"/auth/admin/users/{user.id}", headers=headers, body=body)
    assert answer.status == 422
    found = await lab.gate.users.find(user.email)
    assert found is not None
    assert (found.email_verified, found.roles) == (False, frozenset())


async def test_nobody_impersonates_on_from_an_impersonation(lab: Lab) -> None:
    admin, user, other = await lab.person(roles=["admin"]), await lab.person(), await lab.person()
    token = (await _acting(lab, admin, user)).json()["access_token"]
    await lab.gate.users.grant_role((await _id(lab, user)), "admin")  # its token was signed before, and stays without
    answer = await lab.post_json(f"/auth/admin/users/{other.id}/impersonate", b'{"reason": "x"}', bearer(token))
    assert answer.status == 403
    assert (await _acting(lab, admin, user)).json()["code"] == "admin.not_impersonable"


async def _id(lab: Lab, person: Person) -> Any:  # noqa: ANN401 - a UUID
    found = await lab.gate.users.find(person.email)
    assert found is not None
    return found.id


HOSTILE = ["%", "_", "%25", "\\", "'", '"; DROP TABLE gatepost_user; --', "\x00", "a\x00b", "\ud7ff", "￿", "*", "[a-z]"]


@pytest.mark.parametrize("anywhere", ["true", "false"])
async def test_whatever_is_searched_for_is_text_and_bounded(lab: Lab, anywhere: str) -> None:
    admin = await lab.person(roles=["admin"])
    headers = [bearer(await _token(lab, admin))]
    for text in [*HOSTILE, "x" * 201, "x" * 10_000, "%00%ff"]:
        path = f"/auth/admin/users?anywhere={anywhere}&q={quote(text)}"
        answer = await lab.send("GET", path, headers=headers)
        assert answer.status in {200, 422}, (text, answer)
        if answer.status == 200:
            assert answer.json()["items"] == [], text
    for bad in ("q=%FF%FE", "limit=0", "limit=101", "limit=x", "cursor=%00", "cursor=x", "disabled=perhaps"):
        answer = await lab.send("GET", f"/auth/admin/users?{bad}", headers=headers)
        assert answer.status in {200, 400, 422}, (bad, answer)


async def test_no_answer_of_the_admin_api_holds_a_hash_or_a_secret(lab: Lab) -> None:
    admin, user = await lab.person(roles=["admin"]), await lab.person()
    headers = [JSON, bearer(await _token(lab, admin))]
    for path in ("/auth/admin/users", f"/auth/admin/users/{user.id}"):
        text = (await lab.send("GET", path, headers=headers)).body.decode()
        assert "argon2" not in text
        assert "epoch" not in text
        assert PASSWORD not in text
