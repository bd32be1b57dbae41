"""FastAPI alone: the bare route, and the same route with a dependency that does nothing (BENCH_WAY chooses)."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

app = FastAPI()


async def nothing(_: HTTPConnection) -> None:
    """Do nothing: what is left is FastAPI's own charge for a dependency."""


if os.environ.get("BENCH_WAY") == "noop":

    @app.get("/item")
    async def noop(_: Annotated[None, Depends(nothing)]) -> dict[str, bool]:
        return {"ok": True}

else:

    @app.get("/item")
    async def bare() -> dict[str, bool]:
        return {"ok": True}
