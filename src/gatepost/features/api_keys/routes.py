"""`/api-keys`: what programs hold that act for the caller. A key is shown once, when it is made."""

import uuid
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gatepost.core.api_keys.domain import MAX_NAME, MIN_LIFETIME, ApiKey
from gatepost.core.api_keys.flow import LAST_ID
from gatepost.core.throttle.actions import Action
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import NotFound
from gatepost.kernel.principal import Principal
from gatepost.web.guard import PrincipalGuard, require
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class
from gatepost.web.views import cursor_after, read_cursor

_MAX_SCOPES, _MAX_SCOPE, _LONGEST = 200, 200, 100 * 366 * 86_400


class KeyWanted(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=MAX_NAME * 2)]
    scopes: Annotated[list[Annotated[str, Field(max_length=_MAX_SCOPE)]] | None, Field(max_length=_MAX_SCOPES)] = None
    expires_in: Annotated[int | None, Field(ge=MIN_LIFETIME, le=_LONGEST, strict=True)] = None


class KeyView(BaseModel):
    """One key of the caller; `prefix` is how it begins, `last_used_at` the hour of its last use."""

    id: uuid.UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewKeyView(KeyView):
    """A new key with its secret, which is not stored and never shown again."""

    key: str


class KeyPage(BaseModel):
    """Some keys, newest first; `next` is the cursor of the following page."""

    items: list[KeyView]
    next: str | None


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["api-keys"])
    caller = PrincipalGuard(host)

    @routes.get("/api-keys")
    async def list_api_keys(
        principal: Annotated[Principal, Depends(caller)],
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> KeyPage:
        """The caller's living keys."""
        before = read_cursor(cursor) if cursor else LAST_ID
        keys = await host.core.api_keys.listing(principal.user_id, before, limit + 1)
        items = [KeyView(**_members(key)) for key in keys[:limit]]
        return KeyPage(items=items, next=cursor_after(items[-1].id) if len(keys) > limit else None)

    @routes.post("/api-keys", status_code=201)
    async def make_api_key(
        wanted: KeyWanted, request: Request, principal: Annotated[Principal, require(fresh=True, host=host)]
    ) -> NewKeyView:
        """Make a key that may do no more than this sign-in; needs a recent one, and the owner is told by mail."""
        core, origin = host.core, origin_of(request, host.web.trusted_proxies)
        minting = core.api_keys.minting(
            principal, name=wanted.name, scopes=wanted.scopes, lifetime=wanted.expires_in, origin=origin
        )
        await core.attempts.spend(Action.API_KEY, origin, subject=str(principal.user_id))
        minted = await core.api_keys.mint(minting)
        return NewKeyView(**_members(minted.key), key=minted.secret)

    @routes.delete("/api-keys/{key_id}", status_code=204)
    async def revoke_api_key(
        key_id: uuid.UUID, request: Request, principal: Annotated[Principal, Depends(caller)]
    ) -> Response:
        """Revoke one key of the caller, in every process; another's is not found."""
        origin = origin_of(request, host.web.trusted_proxies)
        if not await host.core.api_keys.revoke(key_id, principal.user_id, origin=origin):
            raise NotFound
        return Response(status_code=204)

    return routes


def _members(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scope.split(),
        "created_at": _date(key.created_at),
        "expires_at": _date(key.expires_at),
        "last_used_at": _date(key.last_used_at),
    }


def _date(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds // 1000, UTC)
