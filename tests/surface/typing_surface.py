"""What a type checker must see of the public names; mypy reads it in `make check` and in `test_typing.py`."""

from typing import Annotated, assert_type
from uuid import UUID

from fastapi import Depends
from httpx2 import AsyncClient
from starlette.testclient import TestClient

from gatepost import (
    CurrentPrincipal,
    CurrentUser,
    Gatepost,
    Health,
    Issuer,
    Mail,
    OptionalPrincipal,
    OptionalUser,
    Principal,
    Profile,
    ResourceServer,
    User,
    current_user,
    public,
    require,
    require_owner,
)
from gatepost.events import UserRegistered
from gatepost.testing import mailbox, signed_in


class MyProfile(Profile):
    """A host's profile."""

    city: str = ""


plain = Gatepost()
gate = Gatepost(profile=MyProfile)
assert_type(plain, Gatepost[Profile])
assert_type(gate, Gatepost[MyProfile])


server = ResourceServer(
    ["https://a.example", Issuer("https://b.example", dialect="keycloak", roles=("realm_access", "roles"))],
    audience=("one", "two"),
)


def author_of(note_id: int) -> UUID | None:
    """Return whose note it is."""
    return UUID(int=note_id)


async def endpoint(  # noqa: PLR0917 - one of each
    bare: CurrentUser,
    mine: CurrentUser[MyProfile],
    maybe: OptionalUser,
    maybe_mine: OptionalUser[MyProfile],
    principal: CurrentPrincipal,
    maybe_principal: OptionalPrincipal,
    tutorial: Annotated[User, Depends(current_user)],
    bound: Annotated[User[MyProfile], Depends(gate.user)],
    admin: Annotated[Principal, require(role="admin")],
    chief: Annotated[Principal, gate.require(role="chief")],
    foreign: Annotated[Principal, Depends(server.principal)],
    reader: Annotated[Principal, server.require(scope="read")],
    owner: Annotated[Principal, require_owner(author_of, gate.require(role="chief"))],
) -> None:
    """Say what each parameter is."""
    assert_type(bare, User[Profile])
    assert_type(mine, User[MyProfile])
    assert_type(mine.profile.city, str)
    assert_type(maybe, User[Profile] | None)
    assert_type(maybe_mine, User[MyProfile] | None)
    assert_type(principal, Principal)
    assert_type(owner, Principal)
    assert_type(owner.is_api_key, bool)
    assert_type(maybe_principal, Principal | None)
    assert_type(tutorial, User[Profile])
    assert_type(bound, User[MyProfile])
    assert_type(admin, Principal)
    assert_type(chief, Principal)
    assert_type(foreign, Principal)
    assert_type(reader, Principal)
    assert_type((foreign.issuer, foreign.subject), tuple[str, str])


async def from_code(client: TestClient, other: AsyncClient) -> None:
    """Say what calls return."""
    assert_type(await gate.users.get(endpoint_id), User[MyProfile] | None)
    assert_type(await gate.create_user(password="x", email="y"), User[MyProfile] | None)
    assert_type(await gate.authenticate("x"), Principal)
    assert_type(await server.authenticate("x"), Principal)
    assert_type(await server.health(), Health)
    assert_type(signed_in(client, gate), User[MyProfile])
    assert_type(await signed_in(other, gate), User[MyProfile])
    assert_type(mailbox(client, gate), list[Mail])
    assert_type(await mailbox(other, gate), list[Mail])


endpoint_id = UUID(int=0)


@gate.on(UserRegistered)
async def listener(event: UserRegistered) -> None:
    """Stay what it was under the decorator."""


@gate.personal_data
async def known_of(user: User[MyProfile]) -> dict[str, object]:
    """Stay what it was under the decorator."""
    return {"city": user.profile.city}


@gate.claims
async def claims(user: User[MyProfile]) -> dict[str, object]:
    """Stay what it was under the decorator."""
    return {"city": user.profile.city}


@public
def open_to_all() -> int:
    """Stay what it was under the decorator."""
    return 1


assert_type(open_to_all(), int)
