"""fastapi-azure-auth, as its documentation writes it, for an issuer that is not Microsoft's own."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Security
from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase

azure_scheme = AzureAuthorizationCodeBearerBase(
    app_client_id="https://api.example.com",
    openid_config_url=f"{os.environ['BENCH_ISSUER']}/.well-known/openid-configuration",
    tenant_id="9188040d-6c67-4c5b-b112-36a304b66dad",
    http_client_config={"trust_env": False},
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    await azure_scheme.openid_config.load_config()
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/item", dependencies=[Security(azure_scheme)])
async def item() -> dict[str, bool]:
    return {"ok": True}
