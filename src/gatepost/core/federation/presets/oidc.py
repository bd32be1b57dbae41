"""Any OpenID provider, by its issuer alone (OpenID Connect Core 1.0, section 5.1)."""

from collections.abc import Mapping
from typing import Any

from gatepost.core.federation.preset import Account, Ask, Preset


async def read(issuer: str, claims: Mapping[str, Any], _ask: Ask) -> Account:
    """Return the account that the standard claims describe; a verified address is one that says `true` and no more."""
    is_verified = claims.get("email_verified") is True
    return Account(
        issuer=issuer,
        subject=claims["sub"],
        email=_text(claims, "email"),
        email_is_verified=is_verified,
        email_is_authoritative=is_verified,
        username=_text(claims, "preferred_username"),
        full_name=_text(claims, "name"),
        locale=_text(claims, "locale"),
        claims=claims,
    )


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


PRESET = Preset(name="oidc", label="OpenID", read=read)
