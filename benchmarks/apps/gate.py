"""Gatepost on FastAPI; BENCH_WAY chooses how the route is protected, the settings come from the environment."""

import os

from fastapi import APIRouter, FastAPI

from gatepost import CurrentPrincipal, CurrentUser, Gatepost, GuardedRoute

app = FastAPI()
way = os.environ["BENCH_WAY"]

# The measured route stands first, as in the plain apps, so that finding it costs the same.
if way == "principal":

    @app.get("/item")
    async def principal(_: CurrentPrincipal) -> dict[str, bool]:
        return {"ok": True}

elif way == "user":

    @app.get("/item")
    async def user(_: CurrentUser) -> dict[str, bool]:
        return {"ok": True}

else:
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/item")
    async def guarded() -> dict[str, bool]:
        return {"ok": True}

    app.include_router(router)

Gatepost().install(app)
