"""An issuer for the services under measurement: metadata, one key, and tokens for whoever asks."""

import time
from typing import Any

from fastapi import FastAPI, Request

from gatepost.crypto.jwk import generate_key, load_key
from gatepost.crypto.jwt import sign

app = FastAPI()
key = load_key(generate_key("RS256"))  # what nearly all products sign with
API = "https://api.example.com"


@app.get("/.well-known/openid-configuration")
def metadata(request: Request) -> dict[str, Any]:
    issuer = str(request.base_url).rstrip("/")
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
    }


@app.get("/keys")
def keys() -> dict[str, Any]:
    return {"keys": [key.public_jwk()]}


@app.get("/token")
def token(issuer: str) -> str:
    """Return an access token that every service here understands."""
    now = int(time.time())
    claims = {
        "iss": issuer,
        "sub": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "aud": API,
        "iat": now,
        "nbf": now,
        "exp": now + 86_400,
        "jti": "b1c2d3e4",
        "azp": "web",
        "client_id": "web",
        "scope": "items.read items.write",
        "scp": "items.read items.write",
        "roles": ["editor", "reader"],
        "permissions": ["items:read", "items:write"],
        "tid": "9188040d-6c67-4c5b-b112-36a304b66dad",
        "ver": "2.0",
        "auth_time": now,
    }
    return sign(claims, key, typ="JWT")
