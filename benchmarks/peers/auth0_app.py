"""auth0-fastapi-api, which is on Authlib, as its documentation writes it; `custom_fetch` reaches its issuer."""

import os

import httpx
from fastapi import Depends, FastAPI
from fastapi_plugin import Auth0FastAPI

ISSUER = os.environ["BENCH_ISSUER"]
DOMAIN = "tenant.example.com"


async def fetch(url: str) -> dict[str, object]:
    """Ask the local issuer in the place of the domain, which it is called by here."""
    async with httpx.AsyncClient(trust_env=False) as client:
        document = (await client.get(url.replace(f"https://{DOMAIN}", ISSUER))).json()
    return {**document, "issuer": f"https://{DOMAIN}/"} if "issuer" in document else document


auth0 = Auth0FastAPI(domain=DOMAIN, audience="https://api.example.com", custom_fetch=fetch)
require_auth = auth0.require_auth()
app = FastAPI()


@app.get("/item")
async def item(_: dict[str, object] = Depends(require_auth)) -> dict[str, bool]:
    return {"ok": True}
