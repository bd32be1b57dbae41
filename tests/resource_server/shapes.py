"""Access tokens in the shapes that products issue."""

import time
from typing import Any

from gatepost import Issuer
from tests.resource_server.issuer import ForeignIssuer
from tests.resource_server.service import API

NOW = int(time.time())
TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
CLIENT = "11111111-2222-3333-4444-555555555555"
USER = "0192e4a0-0000-7000-8000-000000000001"
SESSION = "0192e4a0-0000-7000-8000-000000000002"

KEYCLOAK = {
    "jti": "onrtac:0c7d1c0c-6a5c-4d2a-9d0e-3b8c2c5f2b1a",
    "aud": [API, "account"],
    "sub": "f:1b2c:anna",
    "typ": "Bearer",
    "azp": "web",
    "sid": "9a1e3f6c-0000-4000-8000-000000000000",
    "acr": "1",
    "auth_time": NOW - 20,
    "allowed-origins": ["https://app.example.com"],
    "realm_access": {"roles": ["offline_access", "default-roles-main", "editor"]},
    "resource_access": {
        API: {"roles": ["reader"]},
        "account": {"roles": ["manage-account", "view-profile"]},
        "other": {"roles": ["admin"]},
    },
    "scope": "openid email articles.read articles.write",
    "email_verified": True,
    "preferred_username": "anna",
    "email": "anna@example.com",
}
ENTRA = {
    "aud": CLIENT,
    "nbf": NOW,
    "aio": "AWQAm/8TAAAA",
    "azp": "66666666-7777-8888-9999-000000000000",
    "azpacr": "0",
    "name": "Anna",
    "oid": "3b1a4c52-0000-4000-8000-000000000000",
    "preferred_username": "anna@example.com",
    "rh": "0.AXEA",
    "roles": ["editor"],
    "scp": "articles.read articles.write",
    "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
    "tid": TENANT,
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
    "ver": "2.0",
}
AUTH0 = {
    "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
    "aud": [API, "https://tenant.eu.auth0.com/userinfo"],
    "azp": "my_client_id",
    "scope": "openid profile articles.read articles.write",
    "permissions": ["articles:write", "articles:read"],
}
OKTA = {
    "ver": 1,
    "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
    "aud": API,
    "cid": "0oabucvy",
    "uid": "00uid4BxXw6I6TV4m0g3",
    "scp": ["openid", "articles.read", "articles.write"],
    "auth_time": NOW - 5,
    "sub": "anna@example.com",
    "groups": ["Everyone", "editor"],
}
COGNITO = {
    "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    "cognito:groups": ["editor"],
    "version": 2,
    "client_id": "1example23456789",
    "origin_jti": "aaaaaaaa-1111-cccc-dddd-eeeeeeeeeeee",
    "token_use": "access",
    "scope": "articles.read articles.write",
    "auth_time": NOW - 9,
    "jti": "bbbbbbbb-1111-cccc-dddd-eeeeeeeeeeee",
    "username": "anna",
}
RFC9068: dict[str, Any] = {
    "aud": API,
    "sub": "5ba552d67",
    "client_id": "s6BhdRkqt3",
    "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
    "scope": "articles.read articles.write",
    "roles": ["editor"],
    "auth_time": NOW - 3,
    "amr": ["pwd", "otp"],
}
GATEPOST = {
    **RFC9068,
    "sub": USER,
    "sid": SESSION,
    "epoch": 3,
    "gep": 0,
    "permissions": ["articles:write"],
}
PLAIN = {
    "aud": ["a-project", API],
    "sub": "242423",
    "client_id": "242420@web",
    "jti": "242424",
    "scope": "openid articles.read articles.write",
}
AT: dict[str, Any] = {"typ": "at+jwt"}
BARE: dict[str, Any] = {"typ": None}
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # path of the issuer, options of Issuer, claims, header
    "keycloak": ("/realms/main", {}, KEYCLOAK, {}),
    "entra": (f"/{TENANT}/v2.0", {"dialect": "entra", "audience": CLIENT}, ENTRA, {}),
    "auth0": ("/", {"dialect": "auth0"}, AUTH0, {}),
    "auth0 rfc9068": ("/", {"dialect": "auth0"}, {**AUTH0, "azp": None, "client_id": "my_client_id", "jti": "j"}, AT),
    "okta": ("/oauth2/default", {"dialect": "okta", "roles": "groups"}, OKTA, BARE),
    "cognito": ("/eu-central-1_EXAMPLE", {"dialect": "cognito", "audience": "1example23456789"}, COGNITO, BARE),
    "rfc9068": ("", {"dialect": "rfc9068"}, RFC9068, AT),
    "gatepost": ("", {"dialect": "gatepost"}, GATEPOST, AT),
    "plain": ("", {}, PLAIN, {}),
    "plain at+jwt": ("", {}, RFC9068, {"typ": "application/at+jwt"}),
}
EDITORS = {"keycloak", "entra", "okta", "cognito", "rfc9068", "gatepost", "plain at+jwt"}
WRITERS = {"auth0", "auth0 rfc9068", "gatepost"}
FRESH = {"keycloak", "okta", "cognito", "rfc9068", "gatepost", "plain at+jwt"}


def accepted(issuer: ForeignIssuer, options: dict[str, Any]) -> Issuer:
    """Return an issuer as a service names it."""
    return Issuer(issuer.url, **options)
