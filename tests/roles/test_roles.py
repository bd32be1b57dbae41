"""Roles are defined and deleted at run time; what they allow is looked up and never believed from a token."""

import asyncio
import uuid

import pytest

from gatepost.core.roles.domain import RoleFixed
from gatepost.core.users import RolesChanged
from gatepost.crypto import jwt
from gatepost.kernel.errors import ConfigurationError, InvalidInput, Unavailable
from gatepost.storage.statement import Row, Statement
from tests.harness import PASSWORD, Running, bearer, query, running

pytestmark = pytest.mark.anyio
WRITE = "todo:write"


async def person(house: Running, *roles: str, email: str = "ada@example.com") -> uuid.UUID:
    user = await house.gate.create_user(email=email, password=PASSWORD, roles=roles)
    assert user is not None
    return user.id


async def writes(house: Running, **headers: str) -> int:
    return (await house.client.get("/writers", headers=headers)).status_code


async def test_a_role_is_defined_changed_listed_and_deleted(database_url: str) -> None:
    async with running(database_url, role_permissions={"boss": ["todo:drop"]}) as house:
        roles = house.gate.roles
        assert (await roles.define("editor", " Writes ", [WRITE, WRITE])).permissions == {WRITE}
        await roles.define("editor", "Reads", ["todo:read"])
        found = [(role.name, role.description, set(role.permissions), role.is_fixed) for role in await roles.listing()]
        assert found == [("boss", "", {"todo:drop"}, True), ("editor", "Reads", {"todo:read"}, False)]
        assert roles.permissions_of(frozenset({"boss", "editor", "nobody"})) == {"todo:drop", "todo:read"}
        assert await roles.delete("editor")
        assert not await roles.delete("editor")
        assert [role.name for role in await roles.listing()] == ["boss"]


async def test_what_the_settings_say_of_a_role_cannot_be_changed(sqlite_url: str) -> None:
    async with running(sqlite_url, role_permissions={"boss": ["todo:drop"]}) as house:
        with pytest.raises(RoleFixed):
            await house.gate.roles.define("boss", "", [WRITE])
        with pytest.raises(RoleFixed):
            await house.gate.roles.delete("boss")
        with pytest.raises(RoleFixed):
            await house.gate.roles.delete("admin")
    query(sqlite_url, "INSERT INTO gatepost_role VALUES ('boss', '', 'todo:write', 0)")
    async with running(sqlite_url, role_permissions={"boss": ["todo:drop"]}) as house:
        assert house.gate.roles.permissions_of(frozenset({"boss"})) == {"todo:drop"}


async def test_what_cannot_be_a_role_is_refused(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        for name, description, permissions in [("Two words", "", []), ("x", "\x00", []), ("x", "", ["todo:*"])]:
            with pytest.raises(InvalidInput):
                await house.gate.roles.define(name, description, permissions)
        assert await house.gate.roles.listing() == []


async def test_settings_with_a_wildcard_do_not_start(sqlite_url: str) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_ROLE_PERMISSIONS"):
        async with running(sqlite_url, role_permissions={"boss": ["todo:*"]}):
            pass


async def test_a_permission_is_given_and_taken_within_one_session(database_url: str) -> None:
    async with running(database_url) as house:
        await person(house, "editor")
        token = bearer((await house.signed_in())["access_token"])
        cookie = {"Cookie": f"gatepost={(await house.login()).cookies['gatepost']}"}
        for allowed, status in [(None, 403), ([WRITE], 200), ([], 403), ([WRITE], 200)]:
            if allowed is not None:
                await house.gate.roles.define("editor", "", allowed)
            assert await writes(house, **token) == status
            assert await writes(house, **cookie) == status


async def test_a_token_that_says_more_than_its_role_allows_now_is_not_believed(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        await house.gate.roles.define("editor", "", [WRITE])
        await person(house, "editor")
        token = (await house.signed_in())["access_token"]
        assert jwt.inspect(token)[1]["permissions"] == [WRITE]
        await house.gate.roles.define("editor", "", [])
        assert await writes(house, **bearer(token)) == 403


async def test_the_claim_says_what_the_scopes_leave(sqlite_url: str) -> None:
    async with running(sqlite_url, scopes=[WRITE, "todo:read"]) as house:
        await house.gate.roles.define("editor", "", [WRITE, "todo:read", "todo:drop"])
        await person(house, "editor")
        narrow = (await house.token(scope="todo:read")).json()["access_token"]
        assert jwt.inspect(narrow)[1]["permissions"] == ["todo:drop", "todo:read"]
        assert await writes(house, **bearer(narrow)) == 403
        assert await writes(house, **bearer((await house.signed_in())["access_token"])) == 200


async def test_a_list_that_no_header_can_carry_is_left_out_as_a_whole(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        await house.gate.roles.define("editor", "", [WRITE, *(f"{number:063d}" for number in range(50))])
        await person(house, "editor")
        token = (await house.signed_in())["access_token"]
        assert "permissions" not in jwt.inspect(token)[1]
        assert await writes(house, **bearer(token)) == 200


async def test_a_host_cannot_put_permissions_into_a_token(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        await person(house)
        house.gate.claims(lambda _: {"permissions": [WRITE]})
        with pytest.raises(ValueError, match="permissions"):
            await house.token()


async def test_deleting_a_role_takes_it_from_everybody_and_ends_their_sessions(database_url: str) -> None:
    heard: list[RolesChanged] = []
    async with running(database_url) as house:
        house.gate.on(RolesChanged)(heard.append)
        await house.gate.roles.define("editor", "", [WRITE])
        people = [await person(house, "editor", "other", email=f"user{number}@example.com") for number in range(60)]
        bystander = await person(house, "other", email="bystander@example.com")
        tokens = [(await house.signed_in(f"user{number}@example.com"))["access_token"] for number in (0, 59)]
        kept = (await house.signed_in("bystander@example.com"))["access_token"]
        assert await house.gate.roles.delete("editor")
        assert [await writes(house, **bearer(token)) for token in tokens] == [401, 401]
        assert (await house.principal(kept)).status_code == 200
        assert house.value("SELECT count(*) FROM gatepost_user_role WHERE role = 'editor'") == 0
        assert house.value("SELECT count(*) FROM gatepost_audit WHERE event = 'role.removed'") == 60
        assert {event.user_id for event in heard} == set(people)
        assert {event.roles for event in heard} == {frozenset({"other"})}
        assert bystander not in {event.user_id for event in heard}


async def test_two_deletions_at_once_take_the_role_from_everybody_once(database_url: str) -> None:
    async with running(database_url) as one, running(database_url) as other:
        for role in ("editor", "writer"):
            await one.gate.roles.define(role, "", [WRITE])
        for number in range(30):
            await person(one, "editor", "writer", email=f"user{number}@example.com")
        await asyncio.gather(
            *(house.gate.roles.delete(role) for house in (one, other) for role in ("editor", "writer"))
        )
        assert one.value("SELECT count(*) FROM gatepost_user_role") == 0
        assert one.value("SELECT count(*) FROM gatepost_audit WHERE event = 'role.removed'") == 60


async def test_a_deletion_that_was_broken_off_is_finished_by_the_next(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url) as house:
        await house.gate.roles.define("editor", "", [WRITE])
        await person(house, "editor")
        token = (await house.signed_in())["access_token"]
        read = type(house.core.database.hot).read

        async def broken(*arguments: object) -> object:
            if "gatepost_user_role" in arguments[1].on("sqlite").sql and len(arguments) > 2:  # type: ignore[attr-defined]
                raise Unavailable
            return await read(*arguments)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(type(house.core.database.hot), "read", broken)
            with pytest.raises(Unavailable):
                await house.gate.roles.delete("editor")
        assert await writes(house, **bearer(token)) == 403
        assert await house.gate.roles.delete("editor")
        assert await writes(house, **bearer(token)) == 401


async def test_a_table_that_changed_and_cannot_be_read_refuses(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url) as house:
        await house.gate.roles.define("editor", "", [WRITE])
        await person(house, "editor")
        token = (await house.signed_in())["access_token"]
        assert await writes(house, **bearer(token)) == 200
        await house.gate.roles.define("editor", "", [])

        async def unreachable(*_: object) -> object:
            raise Unavailable

        with monkeypatch.context() as patch:
            patch.setattr(type(house.core.database.hot), "read", unreachable)
            assert await writes(house, **bearer(token)) == 503
        assert await writes(house, **bearer(token)) == 403


async def test_no_request_reads_the_roles(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(sqlite_url) as house:
        await house.gate.roles.define("editor", "", [WRITE])
        await person(house, "editor")
        token = (await house.signed_in())["access_token"]
        assert await writes(house, **bearer(token)) == 200
        reads: list[Statement] = []

        async def counted(_: object, statement: Statement, *__: object) -> list[Row]:
            reads.append(statement)
            return []

        monkeypatch.setattr(type(house.core.database.hot), "read", counted)
        assert [await writes(house, **bearer(token)) for _ in range(5)] == [200] * 5
        assert reads == []


async def test_definitions_and_deletions_stand_in_the_trail(sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        await house.gate.roles.define("editor", "", [WRITE])
        await house.gate.roles.delete("editor")
        found = house.rows("SELECT event, detail FROM gatepost_audit WHERE event LIKE 'role.%' ORDER BY id")
        assert found == [
            ("role.defined", '{"role": "editor", "permissions": "todo:write"}'),
            ("role.deleted", '{"role": "editor"}'),
        ]
