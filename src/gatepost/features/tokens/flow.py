"""What the OAuth endpoints do, without HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

from gatepost.core.api_keys.domain import NEVER
from gatepost.core.audit import Origin
from gatepost.core.federation.codes import Presented
from gatepost.core.login.flow import Wanted
from gatepost.core.runtime import Core
from gatepost.core.sessions.domain import SessionKind
from gatepost.core.sessions.flow import Tokens
from gatepost.core.sessions.store import read_authentic
from gatepost.kernel.api_keys import API_KEY_PREFIX
from gatepost.kernel.errors import NotAuthenticated, OAuthError
from gatepost.kernel.principal import Principal
from gatepost.kernel.tokens import REFRESH_PREFIX


async def sign_in(
    core: Core, form: Mapping[str, str], scopes: Sequence[str], client_id: str, origin: Origin, device: str | None
) -> Tokens:
    """Open a session for a password and return its first tokens (RFC 6749, section 4.3)."""
    requested = form["scope"].split() if "scope" in form else list(scopes)
    if not set(requested) <= set(scopes):
        error = "invalid_scope"
        raise OAuthError(error, "A requested scope is not known here.")
    wanted = Wanted(
        kind=SessionKind.TOKEN,
        client_id=client_id,
        scope=" ".join(dict.fromkeys(requested)),
        origin=origin,
        device=device,
    )
    opened = await core.login.with_password(form["username"], form["password"], wanted)
    return await core.sessions.tokens(opened)


async def redeem(
    core: Core, presented: Presented, scopes: Sequence[str], client_id: str, origin: Origin, device: str | None
) -> Tokens:
    """Open the session that a code is for, and return its first tokens (RFC 6749, section 4.1.3)."""
    wanted = Wanted(kind=SessionKind.TOKEN, client_id=client_id, scope=" ".join(scopes), origin=origin, device=device)
    return await core.sessions.tokens(await core.codes.redeem(presented, wanted))


async def refresh(
    core: Core, text: str, scope: str | None, client_id: str, origin: Origin, *, is_cookie: bool
) -> Tokens:
    """Rotate a refresh token (RFC 6749, section 6)."""
    return await core.refresher.refresh(text, client_id=client_id, scope=scope, is_cookie=is_cookie, origin=origin)


async def revoke(core: Core, token: str, client_id: str, origin: Origin) -> None:
    """End the session that a token belongs to, if the token is good and the client's own (RFC 7009, section 2.1).

    An API key is issued to no client: whoever holds it may end it.
    """
    if token.startswith(API_KEY_PREFIX):
        key = await core.api_keys.read(token)
        if key is not None:
            await core.api_keys.revoke(key.id, key.user_id, origin=origin)
        return
    if token.startswith(REFRESH_PREFIX):
        found = await read_authentic(core.database, core.keys, token)
        if found is not None and found[1].client_id == client_id:
            await core.sessions.end(found[1].id, found[1].user_id, origin=origin)
        return
    try:
        principal = await core.authenticator.bearer(token)
    except NotAuthenticated:
        return
    if principal.client_id == client_id:
        await core.sessions.end(principal.session_id, principal.user_id, origin=origin)


async def introspect(core: Core, token: str) -> dict[str, Any]:
    """Return what RFC 7662, section 2.2 says of a token; of one that is not good nothing but that."""
    if token.startswith(REFRESH_PREFIX):
        return await _introspect_refresh(core, token)
    try:
        principal = await core.authenticator.bearer(token)
    except NotAuthenticated:
        return {"active": False}
    about = {**_about(principal), "token_type": "Bearer", "aud": core.services.tokens.audience}
    return about if principal.expires_at == NEVER else {**about, "exp": principal.expires_at}


async def _introspect_refresh(core: Core, token: str) -> dict[str, Any]:
    found = await read_authentic(core.database, core.keys, token)
    if found is None or not found[1].is_live or found[0].generation != found[1].generation:
        return {"active": False}
    _, row = found
    return {
        "active": True,
        "sub": str(row.user_id),
        "sid": str(row.id),
        "client_id": row.client_id,
        "scope": row.scope,
        "token_type": "refresh_token",
        "exp": min(row.idle_expires_at, row.expires_at) // 1000,
    }


def _about(principal: Principal) -> dict[str, Any]:
    return {
        "active": True,
        "iss": principal.issuer,
        "sub": str(principal.user_id),
        "sid": str(principal.session_id),
        "client_id": principal.client_id,
        "auth_time": principal.auth_time,
        "amr": list(principal.amr),
        "scope": " ".join(sorted(principal.scopes)),
        "roles": sorted(principal.roles),
        **({"act": {"sub": str(principal.actor_id)}} if principal.actor is not None else {}),
        "permissions": sorted(principal.permissions),
    }
