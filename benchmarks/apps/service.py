"""A service of its own that checks tokens of the Gatepost server which the environment names, and follows it."""

import os

from fastapi import FastAPI

from gatepost import CurrentPrincipal, ResourceServer

app = FastAPI()
issuer = os.environ["BENCH_ISSUER"]
server = ResourceServer(
    issuer,
    audience=issuer,
    client_id="service",
    client_secret=os.environ["BENCH_CLIENT_SECRET"],
    dangerously_reaches_loopback=True,
)


@app.get("/item")
async def principal(_: CurrentPrincipal) -> dict[str, bool]:
    return {"ok": True}


server.install(app)
