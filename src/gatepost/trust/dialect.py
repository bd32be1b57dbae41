"""What a dialect of access tokens is, and how claims are read: by their type, or refused.

What goes wrong: an ID token, a refresh token or a logout token of the same issuer is let in, since its signature is as
good; roles that somebody has at another application count here; a claim of another type is read as something.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.crypto.reading import TokenRefused

Claims = Mapping[str, Any]

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - a media type (RFC 9068, section 2.1)
INTROSPECTED = "introspected"  # in the place of `typ`: the issuer said these claims itself (RFC 7662)
# OpenID Connect Core, sections 2 and 3.1.3.6; Back-Channel Logout, section 2.4: what answers a sign-in, or ends one.
_OF_OTHER_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token grants, in the words of a principal.

    Attributes:
        session: what the issuer calls the sign-in that the token belongs to; None where it does not say.
    """

    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    client_id: str = ""
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one family of products writes access tokens.

    Attributes:
        name: as `Issuer(dialect=...)` says it.
        types: what `typ` of the header may say, in lower case; None where it may be absent.
        require_access: raises TokenRefused for what is no access token, by its claims and its `typ`.
        read: what the token grants at the audiences given.
        audiences: whom it is for, by its claims.
        has_user_ids: `sub` and `sid` are the UUIDs of a Gatepost server.
    """

    name: str
    types: frozenset[str | None]
    require_access: Callable[[Claims, str | None], None]
    read: Callable[[Claims, Collection[str]], Granted]
    audiences: Callable[[Claims], Collection[str]]
    has_user_ids: bool = False


def words(value: object) -> frozenset[str]:
    """Return a list of texts as a set; nothing for an absent one.

    Raises:
        TokenRefused: it is something else.
    """
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TokenRefused("claims")
    return frozenset(value)


def text(value: object) -> str:
    """Return a text; an empty one for an absent one.

    Raises:
        TokenRefused: it is something else.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TokenRefused("claims")
    return value


def within(claims: Claims, path: Iterable[str]) -> object:
    """Return what stands at the end of a path of objects; None where a part of it is absent.

    Raises:
        TokenRefused: a part on the way is no object.
    """
    found: object = claims
    for name in path:
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise TokenRefused("claims")
        found = found.get(name)
    return found


def scopes(value: object) -> frozenset[str]:
    """Return scopes: one text with spaces in between (RFC 6749, section 3.3), or a list where the product is older.

    Raises:
        TokenRefused: it is something else.
    """
    return words(value) if isinstance(value, list) else frozenset(word for word in text(value).split(" ") if word)


def said(claims: Claims, *names: str) -> str:
    """Return the first text that is there; an empty one where none is.

    Raises:
        TokenRefused: one is something else.
    """
    return next((found for name in names if (found := text(claims.get(name)))), "")


def audience_in(claims: Claims) -> Collection[str]:
    """Return whom a token is for.

    Raises:
        TokenRefused: `aud` is neither a text nor a list of them.
    """
    audience = claims.get("aud")  # RFC 7519, section 4.1.3: one text, or a list
    return words(audience) if isinstance(audience, list) else {text(audience)}


def refuse_marked(claims: Claims) -> None:
    """Refuse what carries a claim of another kind of token, or says itself that it is one.

    Raises:
        TokenRefused: it does.
    """
    if any(name in claims for name in _OF_OTHER_TOKENS):
        raise TokenRefused("kind")
    kind, use = claims.get("typ"), claims.get("token_use")
    if kind is not None and text(kind).lower() not in {"bearer", "jwt", ACCESS_TOKEN_TYPE}:
        raise TokenRefused("kind")
    if use is not None and text(use) not in {"access", "access_token"}:
        raise TokenRefused("kind")


def require_any(claims: Claims, *names: str) -> None:
    """Refuse what has none of the claims that only access tokens have.

    Raises:
        TokenRefused: it has none.
    """
    if not any(claims.get(name) for name in names):
        raise TokenRefused("kind")
