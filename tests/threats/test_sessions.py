"""Sessions: fixation, survival after they should be over, other people's, and credentials that hide behind others."""

import base64
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.threats.lab import COOKIE, PASSWORD, REFRESH_COOKIE, Lab, Person, bearer, cookie, running
from tests.threats.wire import FORM, JSON, form

pytestmark = pytest.mark.anyio
NEW_PASSWORD = b'{"current_password": "correct horse battery", "new_password": "another horse battery"}'
MADE_UP = "gpc_" + base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()
Ending = Callable[[Lab, Person, str], Awaitable[object]]


async def test_signing_in_ends_the_session_that_was_planted_in_the_browser(lab: Lab) -> None:
    planted = await lab.login(await lab.person())
    fresh = await lab.login(await lab.person(), cookie(planted))
    assert fresh != planted
    assert await lab.status(cookie(planted)) == 401
    assert await lab.status(cookie(fresh)) == 200


async def test_a_made_up_session_id_is_never_adopted(lab: Lab) -> None:
    fresh = await lab.login(await lab.person(), cookie(MADE_UP))
    assert fresh != MADE_UP
    assert await lab.status(cookie(MADE_UP)) == 401


async def test_signing_in_with_a_refresh_cookie_ends_the_one_that_was_planted(lab: Lab) -> None:
    planted = (await lab.token(await lab.person()))["refresh_token"]
    person = await lab.person()
    answer = await lab.post_form(
        "/auth/token",
        cookie(planted, REFRESH_COOKIE),
        grant_type="password",
        username=person.email,
        password=PASSWORD,
        refresh_cookie="true",
    )
    assert answer.status == 200
    assert "refresh_token" not in answer.json()
    assert (await lab.introspect(planted)) == {"active": False}
    assert (await lab.introspect(str(answer.cookie(REFRESH_COOKIE))))["active"] is True


async def test_a_password_change_gives_a_new_session_and_ends_every_old_one(lab: Lab) -> None:
    person = await lab.person()
    here, elsewhere, tokens = await lab.login(person), await lab.login(person), await lab.token(person)
    answer = await lab.post_json("/auth/password/change", NEW_PASSWORD, cookie(here))
    assert answer.status == 204
    fresh = answer.cookie(COOKIE)
    assert fresh is not None
    assert fresh != here
    assert await lab.status(cookie(fresh)) == 200
    for over in (cookie(here), cookie(elsewhere), bearer(tokens["access_token"])):
        assert await lab.status(over) == 401
    assert (await lab.refresh(tokens["refresh_token"])).code == "invalid_grant"


async def _disable(lab: Lab, person: Person, _: str) -> object:
    return await lab.gate.users.disable(await _id(lab, person))


async def _delete(lab: Lab, person: Person, _: str) -> object:
    return await lab.gate.users.delete(await _id(lab, person))


async def _delete_self(lab: Lab, _: Person, value: str) -> object:
    await lab.person(roles=["admin"])  # the last administrator stays
    return (await lab.send("DELETE", "/auth/me", headers=[cookie(value)])).status == 204


async def _lose_role(lab: Lab, person: Person, _: str) -> object:
    return await lab.gate.users.remove_role(await _id(lab, person), "admin")


async def _sign_out_everywhere(lab: Lab, person: Person, _: str) -> object:
    return await lab.gate.users.sign_out_everywhere(await _id(lab, person))


async def _id(lab: Lab, person: Person) -> Any:  # noqa: ANN401 - a UUID
    user = await lab.gate.users.find(person.email)
    assert user is not None
    return user.id


@pytest.mark.parametrize("end", [_disable, _delete, _delete_self, _lose_role, _sign_out_everywhere])
async def test_whoever_loses_the_right_loses_every_session_and_token_at_once(lab: Lab, end: Ending) -> None:
    person = await lab.person(roles=["admin"])
    value, tokens = await lab.login(person), await lab.token(person)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert await lab.status(cookie(value), path="/host/admin") == 200
    assert await lab.status(bearer(access), path="/host/admin") == 200
    assert await end(lab, person, value)
    for path in ("/auth/me", "/host/principal", "/host/user", "/host/admin", "/auth/sessions"):
        assert await lab.status(cookie(value), path=path) == 401
        assert await lab.status(bearer(access), path=path) == 401
    assert (await lab.refresh(refresh)).code == "invalid_grant"
    assert await lab.introspect(access) == await lab.introspect(refresh) == {"active": False}


async def test_a_session_ended_in_one_process_is_refused_by_another_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as here, running(tmp_path) as there:
        value = await here.login(await here.person())
        assert await there.status(cookie(value), path="/host/principal") == 200
        assert (await here.send("POST", "/auth/logout", headers=[cookie(value)])).status == 204
        assert await there.status(cookie(value), path="/host/principal") == 401


async def test_signing_out_with_a_bad_bearer_token_still_ends_the_session_of_the_cookie(lab: Lab) -> None:
    value = await lab.login(await lab.person())
    answer = await lab.send("POST", "/auth/logout", headers=[bearer("expired"), cookie(value)])
    assert answer.status == 204
    assert await lab.status(cookie(value)) == 401


async def test_signing_out_ends_everything_that_was_presented(lab: Lab) -> None:
    person = await lab.person()
    value, first, second = await lab.login(person), await lab.token(person), await lab.token(person)
    pair = f"{COOKIE}={value}; {REFRESH_COOKIE}={second['refresh_token']}"
    assert (
        await lab.send("POST", "/auth/logout", headers=[bearer(first["access_token"]), ("cookie", pair)])
    ).status == 204
    assert await lab.status(cookie(value)) == 401
    assert await lab.status(bearer(first["access_token"])) == 401
    assert await lab.introspect(second["refresh_token"]) == {"active": False}


async def test_sessions_of_another_user_are_neither_listed_nor_ended(lab: Lab) -> None:
    victim, attacker = await lab.login(await lab.person()), await lab.login(await lab.person())
    listed = (await lab.send("GET", "/auth/sessions", headers=[cookie(victim)])).json()["items"]
    target = listed[0]["id"]
    seen = (await lab.send("GET", "/auth/sessions", headers=[cookie(attacker)])).json()["items"]
    assert target not in {item["id"] for item in seen}
    answer = await lab.send("DELETE", f"/auth/sessions/{target}", headers=[cookie(attacker)])
    assert (answer.status, answer.code) == (404, "request.not_found")
    assert (await lab.send("DELETE", "/auth/sessions", headers=[cookie(attacker)])).status == 204
    assert await lab.status(cookie(victim)) == 200


async def test_a_cursor_of_another_user_shows_nothing_of_theirs(lab: Lab) -> None:
    person = await lab.person()
    victim, *_ = [await lab.login(person) for _ in range(3)]
    page = (await lab.send("GET", "/auth/sessions?limit=1", headers=[cookie(victim)])).json()
    assert page["next"]
    attacker = await lab.login(await lab.person())
    seen = (await lab.send("GET", f"/auth/sessions?cursor={page['next']}", headers=[cookie(attacker)])).json()
    assert seen["items"] == []


async def test_the_list_of_sessions_tells_a_thief_no_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        value = await own.login(await own.person())
        own.gate.clock.advance(5_000)
        assert await own.status(cookie(value)) == 200
        (item,) = (await own.send("GET", "/auth/sessions", headers=[cookie(value)])).json()["items"]
        assert item["last_seen_at"] == item["created_at"] or item["last_seen_at"].endswith(":00:00Z")


@pytest.mark.parametrize(
    ("seconds", "changes"), [(3_601, {"session_idle": 3_600}), (7_201, {"session_lifetime": 7_200})]
)
async def test_a_session_that_is_idle_or_old_is_over(tmp_path: Path, seconds: int, changes: dict[str, int]) -> None:
    async with running(tmp_path, **changes) as own:
        person = await own.person()
        value, tokens = await own.login(person), await own.token(person)
        assert await own.status(cookie(value)) == 200
        own.gate.clock.advance(seconds)
        assert await own.status(cookie(value)) == 401
        assert (await own.refresh(tokens["refresh_token"])).code == "invalid_grant"


async def test_a_sensitive_change_needs_a_recent_sign_in(tmp_path: Path) -> None:
    async with running(tmp_path, fresh=600) as own:
        value = await own.login(await own.person())
        own.gate.clock.advance(601)
        answer = await own.send("DELETE", "/auth/me", headers=[cookie(value)])
        assert (answer.status, answer.code) == (403, "session.not_fresh")
        assert await own.status(cookie(value)) == 200


async def test_a_password_is_changed_only_by_who_proves_it(lab: Lab) -> None:
    person = await lab.person()
    value = await lab.login(person)
    wrong = b'{"current_password": "wrong horse battery", "new_password": "another horse battery"}'
    answer = await lab.send("POST", "/auth/password/change", headers=[JSON, cookie(value)], body=wrong)
    assert (answer.status, answer.code) == (401, "login.failed")
    assert await lab.status(cookie(value)) == 200
    body = form(grant_type="password", username=person.email, password="another horse battery")
    assert (await lab.send("POST", "/auth/token", headers=[FORM], body=body)).code == "invalid_grant"
