"""A host's table and engine for tests: rows that point at our users, on either database."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, String, Table, Uuid, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gatepost import Gatepost
from gatepost.tables import user_fk

metadata = MetaData()
person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80)),
    Column("gatepost_id", Uuid, user_fk(), unique=True),
)


def engine_of(gate: Gatepost[Any]) -> AsyncEngine:
    """Return the host's own engine on the gate's database."""
    url = make_url(gate.settings.url_of_database)
    driver = "sqlite+aiosqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return create_async_engine(url.set(drivername=driver))


@asynccontextmanager
async def with_table(app: FastAPI, gate: Gatepost[Any]) -> AsyncIterator[None]:
    """Make the table for as long as the application runs."""
    app.state.engine = engine = engine_of(gate)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield
    await engine.dispose()


async def people(app: FastAPI) -> list[uuid.UUID | None]:
    """Read whom the rows point at."""
    engine: AsyncEngine = app.state.engine
    async with engine.connect() as connection:
        return list((await connection.scalars(select(person.c.gatepost_id).order_by(person.c.id))).all())
