"""API keys: guessed, mistyped, another's, widened, revoked, stolen from a dump, and used where a person must stand."""

import json
import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatepost.kernel.api_keys import mint_api_key, parse_api_key
from tests.harness import EMAIL, PASSWORD, Caller, query, served
from tests.harness import bearer as bearer_of
from tests.harness import running as served_here
from tests.threats.lab import COOKIE, Lab, Person, bearer, cookie, running
from tests.threats.test_opaque_tokens import SPELLINGS
from tests.threats.wire import JSON, Answer

pytestmark = pytest.mark.anyio
KEYS = "/auth/api-keys"
OPEN_TO_KEYS = {("GET", "/auth/me")}


async def ask(lab: Lab, token: str, **wanted: Any) -> Answer:  # noqa: ANN401 - any JSON
    body = json.dumps({"name": "a program", **wanted}).encode()
    return await lab.post_json(KEYS, body, bearer(token))


async def keyed(lab: Lab, person: Person, **wanted: Any) -> tuple[str, str]:  # noqa: ANN401 - any JSON
    """Return the id and the secret of a new key."""
    answer = await ask(lab, (await lab.token(person))["access_token"], **wanted)
    assert answer.status == 201, answer
    return answer.json()["id"], answer.json()["key"]


async def test_another_user_s_key_is_neither_listed_nor_revoked(lab: Lab) -> None:
    ada, eve = await lab.person(), await lab.person()
    (key_id, key), token = await keyed(lab, ada), (await lab.token(eve))["access_token"]
    answer = await lab.send("DELETE", f"{KEYS}/{key_id}", headers=[bearer(token)])
    unknown = await lab.send("DELETE", f"{KEYS}/{uuid.uuid4()}", headers=[bearer(token)])
    assert (answer.status, answer.body) == (unknown.status, unknown.body)
    assert answer.status == 404
    assert (await lab.send("GET", KEYS, headers=[bearer(token)])).json()["items"] == []
    assert await lab.status(bearer(key)) == 200


async def test_the_prefix_that_the_list_shows_opens_nothing(lab: Lab) -> None:
    _, key = await keyed(lab, await lab.person())
    guess = mint_api_key()
    for wrong in (key[:10], key[:10] + guess[10:], guess):
        assert await lab.status(bearer(wrong)) == 401
    assert parse_api_key(guess), "a guess that is well formed is refused by what is stored"


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
async def test_a_key_has_one_spelling(lab: Lab, spell: Callable[[str], str]) -> None:
    _, key = await keyed(lab, await lab.person())
    assert await lab.status(("authorization", b"Bearer " + spell(key).encode())) == 401
    assert await lab.status(bearer(key)) == 200


async def test_a_key_counts_in_one_place_only(lab: Lab) -> None:
    _, key = await keyed(lab, await lab.person())
    for name in ("api_key", "access_token", "token", "key", "authorization"):
        assert await lab.status(path=f"/auth/me?{name}={key}") == 401
    for header in ("x-api-key", "api-key", "x-authorization", "proxy-authorization"):
        assert await lab.status((header, key)) == 401
    for scheme in ("Basic", "ApiKey", "Token", "Key"):
        assert await lab.status(("authorization", f"{scheme} {key}")) == 401
    assert await lab.status(cookie(key)) == 401
    assert (await lab.refresh(key)).code == "invalid_grant"


async def test_whoever_found_a_key_can_end_it_and_a_stranger_s_guess_ends_none(database_url: str) -> None:
    async with served_here(database_url) as house:
        user = await house.gate.create_user(email=EMAIL, password=PASSWORD)
        assert user is not None
        headers = bearer_of((await house.signed_in())["access_token"])
        made = (await house.client.post(KEYS, json={"name": "x"}, headers=headers)).json()
        for guess in (mint_api_key(), made["prefix"], made["key"][:-1], "gpk_" + made["id"]):
            assert (await house.client.post("/auth/revoke", data={"token": guess})).status_code == 200
            assert (await house.principal(made["key"])).status_code == 200
        assert (await house.client.post("/auth/revoke", data={"token": made["key"]})).status_code == 200
        assert (await house.principal(made["key"])).status_code == 401
        assert (await house.client.get(KEYS, headers=headers)).json()["items"] == []
        assert house.value("SELECT count(*) FROM gatepost_audit WHERE event = 'api_key.revoked'") == 1


async def test_two_keys_are_none(lab: Lab) -> None:
    person = await lab.person()
    (_, one), (_, other) = await keyed(lab, person), await keyed(lab, person)
    for joined in (f"{one} {other}", f"{one},{other}", f"{one}, Bearer {other}"):
        assert await lab.status(("authorization", f"Bearer {joined}")) == 401
    assert await lab.status(bearer(one), bearer(other)) == 401
    assert await lab.status(bearer(one), bearer(one)) == 401


async def test_a_key_never_has_more_than_the_sign_in_that_made_it(lab: Lab) -> None:
    person = await lab.person()
    narrow = (await lab.token(person, scope="todo:read"))["access_token"]
    for scopes in (["todo:write"], ["todo:read", "todo:write"], ["admin"], ["*"], ["todo:read todo:write"]):
        assert (await ask(lab, narrow, scopes=scopes)).status == 422
    made = await ask(lab, narrow)
    assert made.json()["scopes"] == ["todo:read"]
    for extra in ({"roles": ["admin"]}, {"user_id": str(uuid.uuid4())}, {"permissions": ["todo:write"]}):
        assert (await ask(lab, narrow, **extra)).status == 422


async def test_no_route_of_ours_takes_a_key_but_those_that_say_so(lab: Lab) -> None:
    person = await lab.person()
    _, key = await keyed(lab, person)
    seen = set()
    for method, path in lab.routes():
        if not path.startswith("/auth"):
            continue
        where = path
        for name in ("session_id", "key_id", "user_id"):
            where = where.replace(f"{{{name}}}", str(uuid.uuid4()))
        where = where.replace("{", "").replace("}", "")
        with_key = await lab.send(method, where, headers=[JSON, bearer(key)], body=b"{}")
        without = await lab.send(method, where, headers=[JSON], body=b"{}")
        if (method, path) in OPEN_TO_KEYS:
            assert (with_key.status, without.status) == (200, 401)
        elif without.status == 401 and without.code == "auth.not_authenticated":
            assert (with_key.status, with_key.code) == (403, "api_key.not_accepted"), (method, path)
        else:  # public: who holds a key is a stranger there
            assert (with_key.status, with_key.body) == (without.status, without.body), (method, path)
        seen.add((method, path))
    assert OPEN_TO_KEYS | {("POST", KEYS), ("DELETE", "/auth/me"), ("POST", "/auth/password/change")} <= seen
    assert await lab.status(bearer(key)) == 200, "none of it has ended the key"


async def test_a_key_is_never_fresh_even_in_the_second_of_its_making(tmp_path: Path) -> None:
    async with running(tmp_path, fresh=2_000_000_000) as own:
        person = await own.person()
        _, key = await keyed(own, person)
        answer = await own.send("DELETE", "/auth/me", headers=[bearer(key)])
        assert (answer.status, answer.code) == (403, "api_key.not_accepted")
        sensitive = own.gate.require(fresh=True)

        @own.app.get("/host/sensitive", dependencies=[sensitive])
        async def route() -> None:
            """Wants a person."""

        assert await own.status(bearer(key), path="/host/sensitive") == 403
        assert await own.status(bearer((await own.token(person))["access_token"]), path="/host/sensitive") == 200


async def test_an_old_session_makes_no_key(tmp_path: Path) -> None:
    async with running(tmp_path, access_lifetime=3_600) as own:
        token = (await own.token(await own.person()))["access_token"]
        own.gate.clock.advance(601)
        answer = await ask(own, token)
        assert (answer.status, answer.code) == (403, "session.not_fresh")


async def test_a_foreign_page_makes_no_key(lab: Lab) -> None:
    value = await lab.login(await lab.person())
    for header in (("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")):
        answer = await lab.post_json(KEYS, b'{"name": "theirs"}', cookie(value, COOKIE), header)
        assert (answer.status, answer.code) == (403, "request.cross_site")


async def test_a_flood_of_new_keys_is_slowed_down(tmp_path: Path) -> None:
    async with running(tmp_path, budgets={"api_key.subject": "3/3600"}) as own:
        token = (await own.token(await own.person()))["access_token"]
        assert [(await ask(own, token)).status for _ in range(5)] == [201, 201, 201, 429, 429]


async def test_a_dump_of_the_table_holds_no_key_that_opens(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        _, key = await keyed(own, await own.person())
        assert await own.status(bearer(key)) == 200
        dump = query(own.gate.settings.url_of_database, "SELECT * FROM gatepost_api_key")
        values = [str(value) for row in dump for value in row]
        assert key not in values
        assert len(values) >= 11
        for value in values:
            assert await own.status(("authorization", b"Bearer " + value.encode())) == 401
            assert await own.status(("authorization", b"Bearer gpk_" + value.encode())) == 401


async def test_a_key_dies_with_its_user(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        for end in (own.gate.users.disable, own.gate.users.delete, own.gate.users.sign_out_everywhere):
            person = await own.person()
            _, key = await keyed(own, person)
            assert await own.status(bearer(key)) == 200
            assert await end(uuid.UUID(person.id))
            assert await own.status(bearer(key)) == 401
            assert await own.status(bearer(key), path="/host/principal") == 401


async def test_a_revoked_key_is_refused_by_another_process_within_the_bound(database_url: str) -> None:
    with served(database_url) as processes:
        async with processes[0].client() as client, served_here(database_url) as house:
            headers = bearer_of((await house.enrolled())["access_token"])
            times = []
            for _ in range(5):
                made = (await house.client.post(KEYS, json={"name": "x"}, headers=headers)).json()
                assert (await Caller(client).principal(made["key"])).status_code == 200
                assert (await house.client.delete(f"{KEYS}/{made['id']}", headers=headers)).status_code == 204
                assert (await house.principal(made["key"])).status_code == 401
                began = time.perf_counter()
                while (await Caller(client).principal(made["key"])).status_code != 401:
                    assert time.perf_counter() - began < 3, "it is not refused at all"
                times.append(time.perf_counter() - began)
            assert max(times) < 1, times


async def test_a_user_who_is_disabled_in_one_process_has_no_key_in_another(database_url: str) -> None:
    with served(database_url) as processes:
        async with processes[0].client() as client, served_here(database_url) as house:
            headers = bearer_of((await house.enrolled())["access_token"])
            key = (await house.client.post(KEYS, json={"name": "x"}, headers=headers)).json()["key"]
            assert (await Caller(client).principal(key)).status_code == 200
            [user] = await house.gate.users.page()
            assert user.email == EMAIL
            await house.gate.users.disable(user.id)
            began = time.perf_counter()
            while (await Caller(client).principal(key)).status_code != 401:
                assert time.perf_counter() - began < 1, "it is not refused in time"


async def test_a_key_stands_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path) as own:
        key_id, key = await keyed(own, await own.person())
        assert await own.status(bearer(key)) == 200
        assert await own.status(bearer(key[:-1])) == 401
        await own.send("DELETE", f"{KEYS}/{key_id}", headers=[bearer(key)])
        assert PASSWORD not in caplog.text
        assert key[10:-1] not in caplog.text
