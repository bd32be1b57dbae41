"""An account elsewhere on the wire; never a token."""

import uuid
from datetime import UTC, datetime

from pydantic import BaseModel

from gatepost.core.identities.domain import Identity
from gatepost.core.identities.flow import Identities


class IdentityView(BaseModel):
    """An account elsewhere; `provider` is its name in the settings, None where it is not offered any more."""

    id: uuid.UUID
    provider: str | None
    label: str
    email: str | None
    username: str | None
    created_at: datetime
    used_at: datetime | None


class IdentityList(BaseModel):
    """Every account elsewhere of one user, oldest first."""

    items: list[IdentityView]

    @classmethod
    def of(cls, identities: Identities, found: list[Identity]) -> "IdentityList":
        """Return the view of what a user has."""
        return cls(items=[_view(identities, one) for one in found])


def _view(identities: Identities, one: Identity) -> IdentityView:
    provider = identities.provider_of(one)
    return IdentityView(
        id=one.id,
        provider=provider.name if provider is not None else None,
        label=provider.label if provider is not None else one.issuer,
        email=one.email,
        username=one.name,
        created_at=_date(one.created_at),
        used_at=_date(one.used_at) if one.used_at is not None else None,
    )


def _date(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC)
