"""Keys from the first to the last day: made, shown once, listed, used, narrowed, ended."""

import asyncio
import uuid

import pytest

from gatepost import Gatepost
from gatepost.kernel.errors import Unavailable
from gatepost.storage.statement import Row, Statement
from tests.api_keys.house import asks, minted, notice, owner, status
from tests.harness import EMAIL, SECRET, bearer, eventually, running

pytestmark = pytest.mark.anyio
SCOPES = ("todo:read", "todo:write")
DAY = 86_400


async def test_a_key_is_shown_once_and_stored_as_a_hash(database_url: str) -> None:
    async with running(database_url, scopes=SCOPES) as house:
        headers = await owner(house)
        response = await asks(house, headers, name=" nightly  ", scopes=["todo:read"], expires_in=DAY)
        assert response.status_code == 201
        assert response.headers["cache-control"] == "no-store"
        body = response.json()
        key = body.pop("key")
        assert body["name"] == "nightly"
        assert body["prefix"] == key[:10]
        assert body["scopes"] == ["todo:read"]
        assert body["last_used_at"] is None
        assert (await house.client.get("/auth/api-keys", headers=headers)).json() == {"items": [body], "next": None}
        assert key not in repr(house.rows("SELECT * FROM gatepost_api_key"))
        assert key not in repr(house.rows("SELECT * FROM gatepost_audit"))
        assert house.value("SELECT count(*) FROM gatepost_audit WHERE event = 'api_key.made'") == 1


async def test_a_key_is_accepted_wherever_a_bearer_token_is(database_url: str) -> None:
    async with running(database_url, scopes=SCOPES) as house:
        user_id = uuid.UUID(
            (await house.client.get("/auth/me", headers=(headers := await owner(house, "editor")))).json()["id"]
        )
        key_id, key = await minted(house, headers, scopes=["todo:read"])
        answer = (await house.client.get("/principal", headers=bearer(key))).json()
        assert answer == {"sub": str(user_id), "sid": str(key_id), "roles": ["editor"]}
        assert (await house.client.get("/user", headers=bearer(key))).json()["id"] == str(user_id)
        principal = await house.gate.authenticate(key)
        assert principal.is_api_key
        assert (principal.amr, principal.auth_time) == (("key",), 0)
        assert principal.scopes == {"todo:read"}
        assert not (await house.gate.authenticate(headers["Authorization"][7:])).is_api_key


async def test_a_key_costs_one_read_until_something_changes(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(sqlite_url) as house:
        _, key = await minted(house, await owner(house))
        hot, reads = house.core.database.hot, []
        read = hot.read

        async def counted(statement: Statement, values: dict[str, object] | None = None) -> list[Row]:
            reads.append(statement)
            return await read(statement, values)

        monkeypatch.setattr(hot, "read", counted)
        assert [await status(house, key) for _ in range(5)] == [200] * 5
        assert len(reads) == 1
        assert await status(house, key[:-1] + "?") == 401
        assert len(reads) == 1, "what has not the form of a key costs no look"


async def test_the_mail_names_the_key_and_not_its_secret(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        _, key = await minted(house, await owner(house), name="nightly")

        mail = await notice(house)
        assert mail.recipient == EMAIL
        assert "nightly" in mail.body
        assert key[10:] not in mail.body
        assert key[10:] not in str(mail.html)


async def test_a_key_has_the_scopes_that_its_maker_had_at_most(sqlite_url: str) -> None:
    async with running(sqlite_url, scopes=SCOPES) as house:
        await owner(house)
        narrow = bearer((await house.token(scope="todo:read")).json()["access_token"])
        _, key = await minted(house, narrow)
        assert (await house.gate.authenticate(key)).scopes == {"todo:read"}
        for scopes in (["todo:write"], ["todo:read", "todo:write"], ["admin"], [""], ["todo:read todo:write"]):
            assert (await asks(house, narrow, scopes=scopes)).status_code == 422
        _, none = await minted(house, narrow, scopes=[])
        assert (await house.gate.authenticate(none)).scopes == frozenset()


async def test_a_key_may_do_what_the_roles_of_its_user_allow_now_and_its_scopes_leave(database_url: str) -> None:
    async with running(database_url, scopes=SCOPES) as house:
        headers = await owner(house)
        [user] = await house.gate.users.page()
        _, wide = await minted(house, headers)
        _, narrow = await minted(house, headers, scopes=["todo:read"])
        assert [await status(house, key, "/writers") for key in (wide, narrow)] == [403, 403]
        await house.gate.roles.define("editor", "", ["todo:write"])
        await house.gate.users.grant_role(user.id, "editor")
        assert [await status(house, key, "/writers") for key in (wide, narrow)] == [200, 403]
        await house.gate.roles.define("editor", "", [])
        assert [await status(house, key, "/writers") for key in (wide, narrow)] == [403, 403]
        await house.gate.roles.define("editor", "", ["todo:write"])
        assert await status(house, wide, "/writers") == 200
        await house.gate.users.remove_role(user.id, "editor")
        assert [await status(house, wide, path) for path in ("/writers", "/principal")] == [403, 200]


async def test_a_key_lives_as_long_as_was_asked_and_no_longer_than_it_may(database_url: str) -> None:
    async with running(database_url, api_key_lifetime=10 * DAY) as house:
        headers = await owner(house)
        _, short = await minted(house, headers, expires_in=DAY)
        _, longest = await minted(house, headers)
        assert (await asks(house, headers, expires_in=10 * DAY + 1)).status_code == 422
        assert [await status(house, key) for key in (short, longest)] == [200, 200]
        house.clock.advance(DAY + 1)
        assert [await status(house, key) for key in (short, longest)] == [401, 200]
        house.clock.advance(9 * DAY)
        assert [await status(house, key) for key in (short, longest)] == [401, 401]
        assert (await house.gate.core.api_keys.listing((await house.gate.users.page())[0].id)) == []


async def test_where_no_end_is_set_a_key_lives_for_ever(sqlite_url: str) -> None:
    clients = {"api": "the secret of a resource server"}
    async with running(sqlite_url, api_key_lifetime=None, introspection_clients=clients) as house:
        headers = await owner(house)
        response = await asks(house, headers)
        assert response.json()["expires_at"] is None
        house.clock.advance(1_000 * DAY)
        assert await status(house, response.json()["key"]) == 200
        about = await house.client.post(
            "/auth/introspect", data={"token": response.json()["key"]}, auth=("api", clients["api"])
        )
        assert about.json()["active"]
        assert "exp" not in about.json()


async def test_introspection_knows_keys(sqlite_url: str) -> None:
    clients = {"api": "the secret of a resource server"}
    async with running(sqlite_url, scopes=SCOPES, introspection_clients=clients) as house:
        headers = await owner(house, "editor")
        await house.gate.roles.define("editor", "", ["todo:read", "todo:write", "todo:drop"])
        key_id, key = await minted(house, headers, scopes=["todo:read"])

        async def about() -> dict[str, object]:
            form = {"token": key}
            found: dict[str, object] = (
                await house.client.post("/auth/introspect", data=form, auth=("api", clients["api"]))
            ).json()
            return found

        found = await about()
        assert (found["active"], found["sid"], found["client_id"]) == (True, str(key_id), "api-key")
        assert (found["scope"], found["roles"]) == ("todo:read", ["editor"])
        assert found["permissions"] == ["todo:drop", "todo:read"]
        await house.client.delete(f"/auth/api-keys/{key_id}", headers=headers)
        assert await about() == {"active": False}


async def test_the_list_shows_the_hour_of_the_last_use(database_url: str) -> None:
    async with running(database_url, session_idle=30 * DAY, access_lifetime=DAY) as house:
        headers = await owner(house)
        key_id, key = await minted(house, headers)

        def last_used() -> int | None:
            found: int | None = house.value("SELECT last_used_at FROM gatepost_api_key")
            return found

        async def is_written() -> bool:
            return last_used() is not None

        assert await status(house, key) == 200
        await eventually(is_written, within=5)
        first = last_used()
        assert first is not None
        assert first % 3_600_000 == 0
        assert abs(first - house.clock.now_ms()) < 3_600_000 + 60_000
        house.clock.advance(2 * 3_600)
        assert await status(house, key) == 200

        async def is_later() -> bool:
            return last_used() == first + 2 * 3_600_000

        await eventually(is_later, within=5)
        [shown] = (await house.client.get("/auth/api-keys", headers=headers)).json()["items"]
        assert shown["id"] == str(key_id)
        assert shown["last_used_at"].endswith(":00:00Z")


async def test_a_use_that_cannot_be_noted_costs_the_caller_nothing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url) as house:
        _, key = await minted(house, await owner(house))

        async def refused(*_: object) -> object:
            raise Unavailable

        monkeypatch.setattr(house.core.database.hot, "run", refused)
        assert [await status(house, key) for _ in range(3)] == [200] * 3


async def test_a_key_of_the_secret_before_is_good_and_moves_to_the_new_one(database_url: str) -> None:
    other = SECRET[::-1]
    async with running(database_url) as house:
        _, key = await minted(house, await owner(house))
        before = house.value("SELECT hash FROM gatepost_api_key")
    async with running(database_url, secret=other, secret_previous=SECRET) as house:
        assert await status(house, key) == 200

        async def has_moved() -> bool:
            return bool(house.value("SELECT hash FROM gatepost_api_key") != before)

        await eventually(has_moved, within=5)
        await house.core.keyring.reseal()
    async with running(database_url, secret=other) as house:
        assert await status(house, key) == 200


async def test_the_list_is_the_caller_s_own_and_comes_in_pages(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        mine, theirs = await owner(house), await owner(house, email="eve@example.com")
        made = [str((await minted(house, mine, name=f"key {number}"))[0]) for number in range(5)]
        await minted(house, theirs)
        seen, cursor = [], ""
        while True:
            page = (await house.client.get(f"/auth/api-keys?limit=2{cursor}", headers=mine)).json()
            seen += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert seen == made[::-1]


async def test_what_cannot_be_a_key_is_a_422(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        headers = await owner(house)
        for wanted in (
            {"name": ""},
            {"name": "  "},
            {"name": "a\x00b"},
            {"name": "x" * 101},
            {"name": 5},
            {"expires_in": 0},
            {"expires_in": -5},
            {"expires_in": "3600"},
            {"expires_in": 1e18},
            {"expires_in": True},
            {"scopes": "todo:read"},
            {"scopes": ["x"] * 10_000},
            {"roles": ["admin"]},
            {"user_id": str(uuid.uuid4())},
        ):
            assert (await asks(house, headers, **wanted)).status_code == 422, wanted
        assert house.value("SELECT count(*) FROM gatepost_api_key") == 0


async def test_dead_keys_are_pruned_and_living_ones_are_not(database_url: str) -> None:
    async with running(database_url) as house:
        headers = await owner(house)
        revoked, _ = await minted(house, headers)
        await minted(house, headers, expires_in=DAY)
        _, living = await minted(house, headers, expires_in=100 * DAY)
        [user] = await house.gate.users.page()
        assert await house.core.api_keys.revoke(revoked, user.id)
        assert await house.core.api_keys.prune() == 0
        house.clock.advance(9 * DAY)
        assert await house.core.api_keys.prune() == 2
        assert await status(house, living) == 200
        await house.gate.users.sign_out_everywhere(user.id)
        assert await house.core.api_keys.prune() == 1


async def test_a_stream_that_a_key_opened_ends_with_the_key(database_url: str) -> None:
    async with running(database_url) as house:
        headers = await owner(house)
        key_id, key = await minted(house, headers)
        ending = asyncio.create_task((await house.gate.authenticate(key)).ended())
        await asyncio.sleep(0)
        assert not ending.done()
        await house.client.delete(f"/auth/api-keys/{key_id}", headers=headers)
        async with asyncio.timeout(5):
            await ending


async def test_the_feature_can_be_left_out(sqlite_url: str) -> None:
    from gatepost.features import DEFAULT
    from tests.harness import Mails, asgi_client, guarded_app, settings

    features = [feature for feature in DEFAULT if feature.name != "api_keys"]
    app = guarded_app(Gatepost(settings(sqlite_url), mailer=Mails(), features=features))
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        assert (await client.get("/auth/api-keys")).status_code == 404
