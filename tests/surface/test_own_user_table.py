"""A host with a `User` table of its own keeps it: integer ids, one nullable column that points at our user."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gatepost import CurrentPrincipal, Gatepost, User
from gatepost.events import UserDeleted, UserRegistered
from gatepost.testing import signed_in
from tests.surface.apps import serving
from tests.surface.own_table import people, person, with_table

gate = Gatepost()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with with_table(app, gate):
        engine: AsyncEngine = app.state.engine
        async with engine.begin() as connection:
            await connection.execute(insert(person).values(name="was here before"))
        yield


app = FastAPI(lifespan=lifespan)
gate.install(app)


@gate.on(UserRegistered, within=True)
async def adopt(event: UserRegistered, connection: AsyncConnection) -> None:
    await connection.execute(insert(person).values(name=event.email, gatepost_id=event.user_id))


@gate.on(UserDeleted, within=True)
async def release(event: UserDeleted, connection: AsyncConnection) -> None:
    await connection.execute(update(person).where(person.c.gatepost_id == event.user_id).values(gatepost_id=None))


@gate.claims
async def own_key(user: User) -> dict[str, Any]:
    engine: AsyncEngine = app.state.engine
    async with engine.connect() as connection:
        return {"person": await connection.scalar(select(person.c.id).where(person.c.gatepost_id == user.id))}


@app.get("/me")
async def me(principal: CurrentPrincipal) -> int:
    return int(principal.claims["person"])


def test_the_host_s_integer_key_comes_with_the_token_and_rows_stay(database_url: str) -> None:
    with serving(app, gate, database_url=database_url) as client:
        assert client.portal is not None
        rows = partial(client.portal.call, partial(people, app))
        user = signed_in(client, gate, by="bearer")
        assert client.get("/me").json() == 2
        assert rows() == [None, user.id]
        assert isinstance(rows()[1], uuid.UUID)
        assert client.delete("/auth/me").status_code == 204
        assert rows() == [None, None]
