"""`signed_in(client, gate)`: somebody who uses the application, without the pages and waits of a real sign-in."""

import secrets
from collections.abc import Awaitable, Iterable
from typing import TYPE_CHECKING, Literal, overload

from gatepost.core.login.events import SignedIn
from gatepost.core.login.flow import PASSWORD as PASSWORD_METHOD
from gatepost.core.sessions.domain import COOKIE_CLIENT, FIRST_PARTY, SessionKind
from gatepost.core.sessions.flow import Opened, Opening
from gatepost.core.users.domain import P, User
from gatepost.gate import Gatepost
from gatepost.kernel.text import normalize_email
from gatepost.storage.unit_of_work import unit_of_work
from gatepost.testing.clients import AsyncClient, run_for

if TYPE_CHECKING:
    from starlette.testclient import TestClient

PASSWORD = "correct horse battery staple"  # noqa: S105 - of users in tests
Credential = Literal["cookie", "bearer"]


@overload
def signed_in(
    client: "TestClient",
    gate: Gatepost[P],
    *,
    email: str | None = None,
    roles: Iterable[str] = (),
    scopes: Iterable[str] | None = None,
    email_verified: bool = True,
    by: Credential = "cookie",
) -> User[P]: ...


@overload
def signed_in(
    client: AsyncClient,
    gate: Gatepost[P],
    *,
    email: str | None = None,
    roles: Iterable[str] = (),
    scopes: Iterable[str] | None = None,
    email_verified: bool = True,
    by: Credential = "cookie",
) -> Awaitable[User[P]]: ...


def signed_in(
    client: "TestClient | AsyncClient",
    gate: Gatepost[P],
    *,
    email: str | None = None,
    roles: Iterable[str] = (),
    scopes: Iterable[str] | None = None,
    email_verified: bool = True,
    by: Credential = "cookie",
) -> User[P] | Awaitable[User[P]]:
    """Make a user, open a session and let the client carry it; await the answer for an asynchronous client.

    Args:
        client: whatever it carried of this gate before is replaced.
        gate: the Gatepost of the client's application, running.
        email: of a new user, or of one that is there already; a new address where it is not given.
        roles: what the user is; one who is there already gets those that are missing.
        scopes: what the credential may do; everything in `GATEPOST_SCOPES` where it is not given.
        email_verified: of a new user.
        by: carried in the session cookie, or as an access token in `Authorization`.

    Returns:
        The user, whose password is `PASSWORD` if it is new.
    """
    address = email or f"user-{secrets.token_hex(8)}@example.com"
    wanted = frozenset(roles)
    scope = " ".join(gate.web.scopes if scopes is None else scopes)

    async def work() -> User[P]:
        user = await _person(gate, address, wanted, email_verified=email_verified)
        opened = await _session(gate, user, scope, by)
        client.headers.pop("Authorization", None)
        _drop_cookies(client, gate.web.session_cookie)
        if by == "bearer":
            tokens = await gate.sessions.tokens(opened)
            client.headers["Authorization"] = f"Bearer {tokens.access_token}"
        else:
            host = client.base_url.host
            domain = host if "." in host else f"{host}.local"  # as a cookie jar spells it (RFC 2965, section 1)
            client.cookies.set(gate.web.session_cookie, gate.sessions.cookie(opened), domain=domain, path="/")
        return user

    return run_for(client, work)


async def _person(gate: Gatepost[P], address: str, roles: frozenset[str], *, email_verified: bool) -> User[P]:
    user = await gate.users.find(normalize_email(address))
    if user is None:
        user = await gate.create_user(
            password=PASSWORD, email=address, email_verified=email_verified, roles=sorted(roles)
        )
    if user is None:
        msg = f"somebody else has made {address} at this moment"
        raise RuntimeError(msg)
    for role in sorted(roles - user.roles):
        await gate.users.grant_role(user.id, role)
    return await gate.users.get(user.id) or user


async def _session(gate: Gatepost[P], user: User[P], scope: str, by: Credential) -> Opened:
    core = gate.core
    opening = Opening(
        user_id=user.id,
        epoch=user.epoch,
        kind=SessionKind.COOKIE if by == "cookie" else SessionKind.TOKEN,
        client_id=COOKIE_CLIENT if by == "cookie" else FIRST_PARTY,
        scope=scope,
        amr=PASSWORD_METHOD,
    )
    async with unit_of_work(core.database, core.listeners) as work:
        opened = await core.sessions.open(work, opening)
        if opened is None:
            msg = "this user cannot sign in: it is disabled"
            raise RuntimeError(msg)
        await work.publish(SignedIn(user_id=user.id, session_id=opened.grant.session_id, ip=None))
    return opened


def _drop_cookies(client: "TestClient | AsyncClient", name: str) -> None:
    for cookie in [cookie for cookie in client.cookies.jar if cookie.name == name]:
        client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)
