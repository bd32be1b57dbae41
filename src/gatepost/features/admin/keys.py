"""`/admin/keys`: what signs access tokens, and its successor."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from gatepost.core.keys.domain import KeyRow, KeyState
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import origin, reader, writer
from gatepost.features.admin.shapes import Body
from gatepost.web.routes import route_class


class KeyView(BaseModel):
    """One signing key; nothing of it that signs."""

    kid: str
    state: str
    algorithm: str
    created_at: datetime
    active_from: datetime

    @classmethod
    def of(cls, row: KeyRow, state: KeyState) -> "KeyView":
        """Return the view of a key."""
        return cls(
            kid=row.kid,
            state=state.value,
            algorithm=row.algorithm,
            created_at=_date(row.created_at),
            active_from=_date(row.active_from),
        )


class KeyList(BaseModel):
    """Every key, oldest first."""

    items: list[KeyView]


class Rotation(Body):
    """How; `immediately` is for a key that leaked, and refuses every token signed before."""

    immediately: bool = False


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/keys", route_class=route_class(host), tags=["admin: keys"])

    @routes.get("", dependencies=[reader(host)])
    async def list_keys() -> KeyList:
        """Every key with its state: next, active, retired or removed."""
        keyring = host.core.keyring
        if keyring.is_stale:
            await keyring.freshen()
        return KeyList(items=[KeyView.of(row, state) for row, state in keyring.listing()])

    @routes.post("/rotate", dependencies=[writer(host)])
    async def rotate(how: Rotation, request: Request) -> KeyList:
        """Make a new key; it signs when every cached JWKS must have seen it, or at once."""
        await host.core.keyring.rotate(immediately=how.immediately, origin=origin(host, request))
        return await list_keys()

    return routes


def _date(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)
