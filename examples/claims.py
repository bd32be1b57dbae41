"""An application that has a `User` table already keeps it: integer ids, queries and foreign keys stay as they are.

One nullable column points at Gatepost's user. The application's own key goes into every token, so that no request
has to look it up.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from sqlalchemy import String, Uuid, make_url, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gatepost import CurrentPrincipal, Gatepost, User
from gatepost.events import UserDeleted, UserRegistered
from gatepost.tables import user_fk

gate = Gatepost()


class Base(DeclarativeBase):
    """The application's metadata."""


class Person(Base):
    """The table that was there before Gatepost."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    gatepost_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, user_fk(ondelete="SET NULL"), unique=True)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the application's engine."""
    engine = create_async_engine(make_url(gate.settings.url_of_database).set(drivername="sqlite+aiosqlite"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app.state.engine = engine
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
gate.install(app)


@gate.on(UserRegistered, within=True)
async def adopt(event: UserRegistered, connection: AsyncConnection) -> None:
    """Give the new user its person: the one with that address, or a new one."""
    row = insert(Person).values(email=event.email, gatepost_id=event.user_id)
    await connection.execute(
        row.on_conflict_do_update(index_elements=[Person.email], set_={"gatepost_id": event.user_id})
    )


@gate.on(UserDeleted, within=True)
async def release(event: UserDeleted, connection: AsyncConnection) -> None:
    """Keep the person, without a user."""
    await connection.execute(update(Person).where(Person.gatepost_id == event.user_id).values(gatepost_id=None))


@gate.claims
async def own_key(user: User) -> dict[str, Any]:
    """Put the application's key into the user's tokens and sessions."""
    engine: AsyncEngine = app.state.engine
    async with engine.connect() as connection:
        return {"person_id": await connection.scalar(select(Person.id).where(Person.gatepost_id == user.id))}


async def person_id(principal: CurrentPrincipal) -> int:
    """Return the key that the rest of the application knows; no query."""
    return int(principal.claims["person_id"])


PersonId = Annotated[int, Depends(person_id)]


@app.get("/people/me")
async def me(caller: PersonId) -> int:
    """Return the caller's own key."""
    return caller
