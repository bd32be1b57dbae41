"""What an ID token says of a person, and what the userinfo endpoint adds to it."""

from collections.abc import Mapping
from typing import Any

_ADDRESS = ("email", "email_verified")


def merged(claims: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an ID token and the userinfo endpoint say together: what is signed comes first.

    Whether an address is verified is said by whoever says the address: a `true` from here and an address from there
    would make a verified address that nobody has vouched for.
    """
    source = claims if "email" in claims else userinfo
    both = {**userinfo, **claims}
    address = {name: source[name] for name in _ADDRESS if name in source}
    return {**{name: value for name, value in both.items() if name not in _ADDRESS}, **address}


def lacks(claims: Mapping[str, Any], scopes: tuple[str, ...]) -> bool:
    """Whether something was asked for that the ID token does not say (OpenID Connect Core 1.0, section 5.4)."""
    wants_name = "profile" in scopes and not claims.keys() & {"name", "preferred_username"}
    return wants_name or ("email" in scopes and "email" not in claims)
