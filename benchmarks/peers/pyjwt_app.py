"""PyJWT with PyJWKClient, as Auth0's and Okta's FastAPI tutorials write it: a class whose `verify` is a dependency."""

import os

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER = os.environ["BENCH_ISSUER"]
AUDIENCE = "https://api.example.com"
bearer = HTTPBearer()


class VerifyToken:
    def __init__(self) -> None:
        self.jwks_client = jwt.PyJWKClient(f"{ISSUER}/keys")

    async def verify(self, token: HTTPAuthorizationCredentials = Depends(bearer)) -> dict[str, object]:
        try:
            signing_key = self.jwks_client.get_signing_key_from_jwt(token.credentials).key
        except (jwt.PyJWKClientError, jwt.DecodeError) as error:
            raise HTTPException(403, str(error)) from None
        try:
            return jwt.decode(token.credentials, signing_key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER)
        except jwt.PyJWTError as error:
            raise HTTPException(403, str(error)) from None


auth = VerifyToken()
app = FastAPI()


@app.get("/item")
async def item(_: dict[str, object] = Depends(auth.verify)) -> dict[str, bool]:
    return {"ok": True}
