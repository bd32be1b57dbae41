"""FastAPI alone: the bare route, also on a router, and with a dependency that does nothing (BENCH_WAY chooses)."""

import os
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import HTTPConnection

app = FastAPI()


async def nothing(_: HTTPConnection) -> None:
    """Do nothing: what is left is FastAPI's own charge for a dependency."""


if os.environ.get("BENCH_WAY") == "noop":

    @app.get("/item")
    async def noop(_: Annotated[None, Depends(nothing)]) -> dict[str, bool]:
        return {"ok": True}

elif os.environ.get("BENCH_WAY") == "included":
    router = APIRouter()

    @router.get("/item")
    async def included() -> dict[str, bool]:
        return {"ok": True}

    app.include_router(router)

else:

    @app.get("/item")
    async def bare() -> dict[str, bool]:
        return {"ok": True}
