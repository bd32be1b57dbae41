"""A service with a ResourceServer; BENCH_WAY chooses what its route asks."""

import os

from fastapi import FastAPI

from gatepost import CurrentPrincipal, GuardedRoute, ResourceServer, require

app = FastAPI()
way = os.environ["BENCH_WAY"]

if way == "principal":

    @app.get("/item")
    async def principal(_: CurrentPrincipal) -> dict[str, bool]:
        return {"ok": True}

elif way == "require":

    @app.get("/item", dependencies=[require(role="editor", scope="items.read")])
    async def required() -> dict[str, bool]:
        return {"ok": True}

else:
    app.router.route_class = GuardedRoute

    @app.get("/item")
    async def guarded() -> dict[str, bool]:
        return {"ok": True}


ResourceServer(
    os.environ["BENCH_ISSUER"], audience="https://api.example.com", dangerously_reaches_loopback=True
).install(app)
