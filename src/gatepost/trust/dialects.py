"""Dialects of access tokens: where each family of products writes what a principal says, and what is no access token.

RFC 9068 says how an access token should look; most products were there before it. A host writes its own as
`Dialect(...)` or `dataclasses.replace(KEYCLOAK, read=...)`.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from gatepost.crypto.reading import TokenRefused
from gatepost.trust.dialect import (
    ACCESS_TOKEN_TYPE,
    INTROSPECTED,
    Claims,
    Dialect,
    Granted,
    audience_in,
    refuse_marked,
    require_any,
    said,
    scopes,
    within,
    words,
)

_STRICT: frozenset[str | None] = frozenset({ACCESS_TOKEN_TYPE})
_COMMON: frozenset[str | None] = frozenset({None, "jwt", ACCESS_TOKEN_TYPE})


# --- RFC 9068


def _access_of_rfc9068(claims: Claims, typ: str | None) -> None:
    refuse_marked(claims)
    if typ != INTROSPECTED and not (said(claims, "client_id") and said(claims, "jti")):  # section 2.2
        raise TokenRefused("claims")


def _read_rfc9068(claims: Claims, _: Collection[str]) -> Granted:
    return Granted(
        roles=words(claims.get("roles")),
        permissions=words(claims.get("permissions")) | words(claims.get("entitlements")),
        scopes=scopes(said(claims, "scope")),
        client_id=said(claims, "client_id"),
        session=said(claims, "sid") or None,
    )


# --- Gatepost


def _access_of_gatepost(claims: Claims, typ: str | None) -> None:
    _access_of_rfc9068(claims, typ)
    if not said(claims, "sid"):
        raise TokenRefused("claims")
    if typ != INTROSPECTED and not all(type(claims.get(name)) is int for name in ("epoch", "gep", "auth_time")):
        raise TokenRefused("claims")


# --- Keycloak: the kind stands in the payload, roles in two places


def _access_of_keycloak(claims: Claims, _: str | None) -> None:
    if claims.get("typ") != "Bearer":  # "ID", "Refresh", "Offline", "Logout", "DPoP" and actions by mail are others
        raise TokenRefused("kind")


def _read_keycloak(claims: Claims, audiences: Collection[str]) -> Granted:
    """Read roles of the realm and of this API; what somebody is at other clients is nothing here."""
    roles = words(within(claims, ("realm_access", "roles")))
    for audience in audiences:
        roles |= words(within(claims, ("resource_access", audience, "roles")))
    return Granted(
        roles=roles,
        scopes=scopes(claims.get("scope")),
        client_id=said(claims, "azp", "client_id"),
        session=said(claims, "sid", "session_state") or None,
    )


# --- Entra ID


def _access_of_entra(claims: Claims, _: str | None) -> None:
    # An ID token of an application that is client and API at once has the same `aud`, and perhaps `roles`; it never
    # says which client it was issued to. A token with neither scopes nor roles is what any application of the tenant
    # can get without having been given anything.
    refuse_marked(claims)
    if not said(claims, "azp", "appid"):
        raise TokenRefused("kind")
    require_any(claims, "scp", "roles")


def _read_entra(claims: Claims, _: Collection[str]) -> Granted:
    return Granted(
        roles=words(claims.get("roles")),
        scopes=scopes(claims.get("scp")),
        client_id=said(claims, "azp", "appid"),
        session=said(claims, "sid") or None,
    )


# --- Auth0


def _access_of_auth0(claims: Claims, _: str | None) -> None:
    refuse_marked(claims)
    require_any(claims, "azp", "client_id")


def _read_auth0(claims: Claims, _: Collection[str]) -> Granted:
    return Granted(
        permissions=words(claims.get("permissions")),
        scopes=scopes(claims.get("scope")),
        client_id=said(claims, "azp", "client_id"),
        session=said(claims, "sid") or None,
    )


# --- Okta


def _access_of_okta(claims: Claims, _: str | None) -> None:
    refuse_marked(claims)
    require_any(claims, "cid")


def _read_okta(claims: Claims, _: Collection[str]) -> Granted:
    return Granted(scopes=scopes(claims.get("scp")), client_id=said(claims, "cid"))


# --- Cognito: no `aud`, the audience is the client of the pool


def _access_of_cognito(claims: Claims, _: str | None) -> None:
    refuse_marked(claims)
    if claims.get("token_use") != "access":
        raise TokenRefused("kind")


def _read_cognito(claims: Claims, _: Collection[str]) -> Granted:
    return Granted(
        roles=words(claims.get("cognito:groups")),
        scopes=scopes(claims.get("scope")),
        client_id=said(claims, "client_id"),
        session=said(claims, "origin_jti") or None,
    )


def _audience_of_cognito(claims: Claims) -> Collection[str]:
    return audience_in(claims) if "aud" in claims else {said(claims, "client_id")}


# --- whatever speaks OpenID Connect


def _access_of_oidc(claims: Claims, typ: str | None) -> None:
    refuse_marked(claims)
    if typ not in {ACCESS_TOKEN_TYPE, INTROSPECTED}:
        require_any(claims, "scope", "scp", "client_id", "cid")


def _access_of_unnamed(claims: Claims, typ: str | None) -> None:
    # Tokens of a Gatepost server die before they expire, and only who knows whose they are hears of it: let in under
    # another dialect, they would be good after the sign-out, and for users of another name.
    if "gep" in claims and "epoch" in claims:
        raise TokenRefused("dialect")
    _access_of_oidc(claims, typ)


def _read_oidc(claims: Claims, _: Collection[str]) -> Granted:
    return Granted(
        roles=words(claims.get("roles")),
        permissions=words(claims.get("permissions")),
        scopes=scopes(claims.get("scope")) | scopes(claims.get("scp")),
        client_id=said(claims, "client_id", "azp", "cid"),
        session=said(claims, "sid") or None,
    )


RFC9068 = Dialect(
    name="rfc9068", types=_STRICT, require_access=_access_of_rfc9068, read=_read_rfc9068, audiences=audience_in
)
GATEPOST = Dialect(
    name="gatepost",
    types=_STRICT,
    require_access=_access_of_gatepost,
    read=_read_rfc9068,
    audiences=audience_in,
    has_user_ids=True,
)
KEYCLOAK = Dialect(
    name="keycloak", types=_COMMON, require_access=_access_of_keycloak, read=_read_keycloak, audiences=audience_in
)
ENTRA = Dialect(name="entra", types=_COMMON, require_access=_access_of_entra, read=_read_entra, audiences=audience_in)
AUTH0 = Dialect(name="auth0", types=_COMMON, require_access=_access_of_auth0, read=_read_auth0, audiences=audience_in)
OKTA = Dialect(name="okta", types=_COMMON, require_access=_access_of_okta, read=_read_okta, audiences=audience_in)
COGNITO = Dialect(
    name="cognito",
    types=_COMMON,
    require_access=_access_of_cognito,
    read=_read_cognito,
    audiences=_audience_of_cognito,
)
OIDC = Dialect(name="oidc", types=_COMMON, require_access=_access_of_oidc, read=_read_oidc, audiences=audience_in)
UNNAMED = replace(OIDC, require_access=_access_of_unnamed)  # where nobody said a dialect, and no address gives it away

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (RFC9068, GATEPOST, KEYCLOAK, ENTRA, AUTH0, OKTA, COGNITO, OIDC)
}
_HOSTS = (
    ("login.microsoftonline.com", ENTRA),
    ("login.microsoftonline.us", ENTRA),
    ("login.partner.microsoftonline.cn", ENTRA),
    ("sts.windows.net", ENTRA),
    (".auth0.com", AUTH0),
    (".okta.com", OKTA),
    (".oktapreview.com", OKTA),
    (".okta-emea.com", OKTA),
)


def dialect_of(issuer: str) -> Dialect | None:
    """Return the dialect that an issuer's address gives away; None where it does not."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    for name, dialect in _HOSTS:
        if host == name or (name.startswith(".") and host.endswith(name)):
            return dialect
    if host.startswith("cognito-idp.") and host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return COGNITO
    return KEYCLOAK if "/realms/" in parts.path else None
