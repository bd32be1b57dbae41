"""Access tokens as settings shape them: algorithm, issuer, audience, leeway; and what a tutorial's reader expects."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from gatepost import CurrentPrincipal, CurrentUser, Gatepost, NotAuthenticated, Principal
from gatepost.testing import PASSWORD, signed_in
from tests.surface.apps import password_form, serving

ADA = {"email": "ada@example.com", "password": PASSWORD}
gate = Gatepost()
app = FastAPI()
gate.install(app)


@app.get("/me")
async def me(user: CurrentUser) -> str:
    return str(user.email)


@app.get("/amr")
async def amr(principal: CurrentPrincipal) -> list[str]:
    return list(principal.amr)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with serving(app, gate) as running:
        running.post("/auth/register", json=ADA)
        yield running


def tokens_of(client: TestClient) -> dict[str, Any]:
    response = client.post("/auth/token", data=password_form(**ADA))
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def part(token: str, place: int) -> dict[str, Any]:
    text = token.split(".")[place]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return decoded


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_token_endpoint_answers_as_tutorials_expect(client: TestClient) -> None:
    response = client.post("/auth/token", data=password_form(**ADA))
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (body["token_type"].lower(), body["expires_in"]) == ("bearer", 900)
    assert client.get("/me", headers=bearer(body["access_token"])).json() == ADA["email"]
    assert client.get("/auth/me", headers=bearer(body["access_token"])).json()["email"] == ADA["email"]


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_the_algorithm_is_a_setting(algorithm: str) -> None:
    with serving(app, gate, signing_algorithm=algorithm) as client:
        client.post("/auth/register", json=ADA)
        token = tokens_of(client)["access_token"]
        header = part(token, 0)
        assert (header["alg"], header["typ"]) == (algorithm, "at+jwt")
        assert client.get("/me", headers=bearer(token)).status_code == 200
        keys = client.get("/auth/.well-known/jwks.json").json()["keys"]
        if algorithm == "HS256":
            assert keys == []  # a symmetric key has no public half
        else:
            assert [key["alg"] for key in keys] == [algorithm]
            assert keys[0]["kid"] == header["kid"]
            assert not {"d", "p", "q", "k"} & keys[0].keys()


def test_the_claims_are_those_of_rfc_9068(client: TestClient) -> None:
    claims = part(tokens_of(client)["access_token"], 1)
    assert {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "sid", "auth_time", "amr"} <= claims.keys()
    assert (claims["iss"], claims["aud"]) == ("http://testserver", "http://testserver")
    assert claims["exp"] - claims["iat"] == 900


def test_audience_and_lifetime_are_settings() -> None:
    with serving(app, gate, audience="api", access_lifetime=60) as client:
        client.post("/auth/register", json=ADA)
        tokens = tokens_of(client)
        claims = part(tokens["access_token"], 1)
        assert (claims["aud"], claims["exp"] - claims["iat"], tokens["expires_in"]) == ("api", 60, 60)


@pytest.mark.parametrize("setting", [{"audience": "another"}, {"public_url": "http://localhost:9"}])
def test_a_token_for_another_audience_or_of_another_issuer_is_refused(setting: dict[str, str], sqlite_url: str) -> None:
    shared = {"secret": "a secret that outlives a start, 0123456789", "database_url": sqlite_url}
    with serving(app, gate, **shared) as client:
        client.post("/auth/register", json=ADA)
        token = tokens_of(client)["access_token"]
    with serving(app, gate, **shared) as client:
        assert client.get("/me", headers=bearer(token)).status_code == 200
    with serving(app, gate, **shared, **setting) as client:
        assert client.get("/me", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize("leeway", [0, 10, 60])
def test_leeway_is_how_long_after_its_end_a_token_lives(leeway: int) -> None:
    with serving(app, gate, leeway=leeway) as client:
        client.post("/auth/register", json=ADA)
        token = tokens_of(client)["access_token"]
        gate.clock.advance(895 + leeway)
        assert client.get("/me", headers=bearer(token)).status_code == 200
        gate.clock.advance(6)
        refused = client.get("/me", headers=bearer(token))
        assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_a_revoked_token_is_refused_at_once(client: TestClient) -> None:
    token = tokens_of(client)["access_token"]
    assert client.get("/me", headers=bearer(token)).status_code == 200
    assert client.post("/auth/logout", headers=bearer(token)).status_code == 204
    refused = client.get("/me", headers=bearer(token))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


def test_authenticate_in_code_takes_a_token_or_a_cookie_and_raises(client: TestClient) -> None:
    assert client.portal is not None
    call = client.portal.call
    user = signed_in(client, gate, by="bearer")
    token = client.headers["Authorization"].removeprefix("Bearer ")
    principal = call(gate.authenticate, token)
    assert isinstance(principal, Principal)
    assert (principal.user_id, principal.amr) == (user.id, ("pwd",))
    signed_in(client, gate, email=str(user.email))
    assert call(gate.authenticate, client.cookies[gate.web.session_cookie]).user_id == user.id
    for bad in ("", "a.b.c", token[:-4] + "AAAA", client.cookies[gate.web.session_cookie][:-2]):
        with pytest.raises(NotAuthenticated):
            call(gate.authenticate, bad)


def test_a_principal_says_how_and_when_the_caller_signed_in(client: TestClient) -> None:
    signed_in(client, gate)
    assert client.get("/amr").json() == ["pwd"]
