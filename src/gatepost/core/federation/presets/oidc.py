"""Any OpenID provider, by its issuer alone (OpenID Connect Core 1.0, section 5.1)."""

from collections.abc import Mapping
from typing import Any

from gatepost.core.federation.account import text_in
from gatepost.core.federation.preset import Account, Preset, Said


def standard_account(said: Said, *, is_verified: bool, is_authoritative: bool) -> Account:
    """Return the account that the standard claims describe.

    Args:
        said: by the provider.
        is_verified: what its word about the address is worth.
        is_authoritative: likewise.
    """
    claims = said.claims
    return Account(
        issuer=said.issuer,
        subject=claims.get("sub", ""),
        email=text_in(claims, "email"),
        email_is_verified=is_verified,
        email_is_authoritative=is_authoritative,
        username=text_in(claims, "preferred_username"),
        full_name=text_in(claims, "name"),
        locale=text_in(claims, "locale"),
        claims=claims,
    )


def is_true(claims: Mapping[str, Any], name: str) -> bool:
    """Whether a claim is `true`, and not only something like it."""
    return claims.get(name) is True


async def read(said: Said) -> Account:
    """Return the account; whoever names an issuer of their own takes its word about addresses."""
    is_verified = is_true(said.claims, "email_verified")
    return standard_account(said, is_verified=is_verified, is_authoritative=is_verified)


PRESET = Preset(
    name="oidc",
    label="OpenID",
    read=read,
    takes=frozenset({"issuer"}),
    # OpenID Connect Core 1.0, section 11: refresh tokens are for who asks by this scope, and with a consent.
    offline_scopes=("offline_access",),
    offline_parameters={"prompt": "consent"},
)
