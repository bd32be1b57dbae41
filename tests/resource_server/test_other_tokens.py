"""What a product issues besides access tokens is refused, and so is a claim of a type that it cannot have."""

from typing import Any

import pytest

from tests.resource_server.issuer import foreign
from tests.resource_server.service import API, serving
from tests.resource_server.shapes import (
    AT,
    BARE,
    CASES,
    COGNITO,
    ENTRA,
    GATEPOST,
    KEYCLOAK,
    NOW,
    PLAIN,
    RFC9068,
    accepted,
)

pytestmark = pytest.mark.anyio

ID = {"aud": API, "sub": "anna", "nonce": "n-0S6_WzA2Mj", "at_hash": "MTIzNDU2Nzg5MDEyMzQ1Ng", "auth_time": NOW}
BACKCHANNEL = "http://schemas.openid.net/event/backchannel-logout"
OTHERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    # the name of a case above, claims, header
    "keycloak ID": ("keycloak", {**KEYCLOAK, **ID, "typ": "ID"}, {}),
    "keycloak ID without nonce": ("keycloak", {**KEYCLOAK, "typ": "ID"}, {}),
    "keycloak refresh": ("keycloak", {**KEYCLOAK, "typ": "Refresh"}, {}),
    "keycloak offline": ("keycloak", {**KEYCLOAK, "typ": "Offline"}, {}),
    "keycloak logout": ("keycloak", {**KEYCLOAK, "typ": "Logout", "events": {BACKCHANNEL: {}}}, {}),
    "keycloak DPoP": ("keycloak", {**KEYCLOAK, "typ": "DPoP", "cnf": {"jkt": "x"}}, {}),
    "keycloak without kind": ("keycloak", {**KEYCLOAK, "typ": None}, {}),
    "keycloak kind of another type": ("keycloak", {**KEYCLOAK, "typ": ["Bearer"]}, {}),
    "entra ID": ("entra", {**ENTRA, "azp": None, "scp": None, "nonce": "n", "c_hash": "x"}, {}),
    "entra ID of a client that is the API": ("entra", {**ENTRA, "azp": None, "azpacr": None, "scp": None}, {}),
    "entra ID with nonce": ("entra", {**ENTRA, "nonce": "n"}, {}),
    "entra application without anything": ("entra", {**ENTRA, "scp": None, "roles": None}, {}),
    "entra application with empty roles": ("entra", {**ENTRA, "scp": None, "roles": []}, {}),
    "auth0 ID": ("auth0", {**ID, "sid": "s", "nickname": "anna"}, {}),
    "auth0 ID without nonce": ("auth0", {"aud": API, "sub": "auth0|5", "sid": "s", "nickname": "anna"}, {}),
    "okta ID": ("okta", {**ID, "ver": 1, "amr": ["pwd"], "idp": "00o"}, BARE),
    "okta ID without nonce": ("okta", {"aud": API, "sub": "anna", "ver": 1}, BARE),
    "cognito ID": ("cognito", {**COGNITO, "client_id": None, "aud": "1example23456789", "token_use": "id"}, BARE),
    "cognito without use": ("cognito", {**COGNITO, "token_use": None}, BARE),
    "rfc9068 as JWT": ("rfc9068", RFC9068, {}),
    "rfc9068 ID": ("rfc9068", ID, {}),
    "rfc9068 without client": ("rfc9068", {**RFC9068, "client_id": None}, AT),
    "rfc9068 without jti": ("rfc9068", {**RFC9068, "jti": None}, AT),
    "rfc9068 logout": ("rfc9068", {**RFC9068, "events": {BACKCHANNEL: {}}}, {"typ": "logout+jwt"}),
    "gatepost as JWT": ("gatepost", GATEPOST, {}),
    "gatepost without session": ("gatepost", {**GATEPOST, "sid": None}, AT),
    "gatepost without epoch": ("gatepost", {**GATEPOST, "epoch": None}, AT),
    "gatepost epoch as text": ("gatepost", {**GATEPOST, "epoch": "3"}, AT),
    "gatepost without global epoch": ("gatepost", {**GATEPOST, "gep": None}, AT),
    "gatepost for somebody else's user": ("gatepost", {**GATEPOST, "sub": "anna"}, AT),
    "plain ID": ("plain", ID, {}),
    "plain ID without nonce": ("plain", {"aud": API, "sub": "anna", "email": "a@example.com"}, {}),
    "plain ID with scope": ("plain", {**PLAIN, "at_hash": "x"}, {}),
    "plain logout": ("plain", {**PLAIN, "events": {BACKCHANNEL: {}}}, {}),
    "plain logout by header": ("plain", {**PLAIN}, {"typ": "logout+jwt"}),
    "plain refresh by claim": ("plain", {**PLAIN, "typ": "Refresh"}, {}),
    "plain ID by use": ("plain", {**PLAIN, "token_use": "id"}, {}),
    "plain DPoP": ("plain", {**PLAIN, "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}, {}),
    "plain mTLS": ("plain", {**PLAIN, "cnf": {"x5t#S256": "x"}}, {}),
    "plain DPoP by header": ("plain", PLAIN, {"typ": "dpop+jwt"}),
    "plain security event": ("plain", PLAIN, {"typ": "secevent+jwt"}),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_what_is_no_bearer_access_token_is_refused(name: str) -> None:
    case, claims, header = OTHERS[name]
    path, options, _, _ = CASES[case]
    async with foreign(path) as issuer, serving(accepted(issuer, options)) as service:
        assert await service.status(issuer.token(claims, header)) == 401


WRONG = ("text", 7, True, {"a": 1}, [1], [["a"]], [None], -1, 1e300)
READ = {
    "keycloak": ["realm_access", "resource_access", "scope", "azp", "sid", "aud", "auth_time", "amr", "act", "sub"],
    "entra": ["roles", "scp", "azp", "sid", "aud", "auth_time", "sub"],
    "auth0": ["permissions", "scope", "azp", "aud", "sub", "sid"],
    "okta": ["scp", "cid", "groups", "aud", "auth_time", "sub", "jti"],
    "cognito": ["cognito:groups", "client_id", "scope", "token_use", "origin_jti", "auth_time"],
    "rfc9068": ["client_id", "jti", "roles", "scope", "permissions", "entitlements", "auth_time", "amr", "act", "sid"],
    "gatepost": ["sub", "sid", "epoch", "gep", "roles", "permissions", "scope", "client_id", "auth_time", "act"],
    "plain": [
        "scope",
        "scp",
        "client_id",
        "roles",
        "permissions",
        "typ",
        "token_use",
        "aud",
        "act",
        "exp",
        "iat",
        "nbf",
    ],
}


@pytest.mark.parametrize("name", READ)
async def test_a_claim_of_a_type_that_it_cannot_have_is_401(name: str) -> None:
    path, options, claims, header = CASES[name]
    async with foreign(path, "EdDSA") as issuer, serving(accepted(issuer, options)) as service:
        assert await service.status(issuer.token(claims, header)) == 200
        for claim in READ[name]:
            for value in (*WRONG, {claim: {"roles": "admin"}}, {API: {"roles": 1}, "roles": [1]}):
                status = await service.status(issuer.token({**claims, claim: value}, header))
                assert status in ({200, 401} if _is_possible(claim, value) else {401}), (claim, value)


def _is_possible(claim: str, value: object) -> bool:
    """Whether a type checker would let this value pass for the claim."""
    if isinstance(value, str):
        return claim not in {"realm_access", "resource_access", "act", "exp", "iat", "nbf", "auth_time", "epoch", "gep"}
    if claim in {"exp", "iat", "nbf", "auth_time", "epoch", "gep"}:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, dict) and claim in {"realm_access", "resource_access"} and API not in value
