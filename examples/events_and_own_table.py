"""A table of your own that lives and dies with the user, written in the transaction that makes the user.

What could go wrong: a user without a row of yours, after a crash between the two. So the row is written `within`.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import ForeignKey, String, Uuid, func, insert, make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from gatepost import CurrentPrincipal, Gatepost, Refused
from gatepost.events import SignedIn, UserRegistered
from gatepost.tables import user_fk

gate = Gatepost()
sign_ins: list[uuid.UUID] = []
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


class Base(DeclarativeBase):
    """Your own metadata; ours stays apart."""


class Plan(Base):
    """What a customer pays for."""

    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Customer(Base):
    """One customer for each user, with your own integer key."""

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, user_fk(), unique=True)
    plan_id: Mapped[int | None] = mapped_column(ForeignKey(Plan.id))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open your own engine on the same database; Gatepost has started already and its tables are there."""
    url = make_url(gate.settings.url_of_database)
    engine = create_async_engine(url.set(drivername=_DRIVERS[url.get_backend_name()]))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app.state.sessions = async_sessionmaker(engine)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)
gate.install(app)


@gate.on(UserRegistered, within=True)
async def make_customer(event: UserRegistered, connection: AsyncConnection) -> None:
    """Write your row in the user's transaction; `Refused` undoes both and answers 409 with your words."""
    if event.email is not None and event.email.endswith("@example.org"):
        raise Refused(public="Addresses of example.org cannot register here.")
    await connection.execute(insert(Customer).values(user_id=event.user_id))


@gate.on(SignedIn)
async def remember(event: SignedIn) -> None:
    """Run after the commit; whatever you raise here is logged and changes nothing."""
    sign_ins.append(event.user_id)


async def _session() -> AsyncIterator[AsyncSession]:
    async with app.state.sessions.begin() as session:
        yield session


@app.get("/customers/me")
async def me(principal: CurrentPrincipal, session: Annotated[AsyncSession, Depends(_session)]) -> int:
    """Return the caller's own key in your table."""
    key = await session.scalar(select(Customer.id).where(Customer.user_id == principal.user_id))
    return key or 0


@app.get("/customers/count")
async def count(session: Annotated[AsyncSession, Depends(_session)]) -> int:
    """Return how many customers there are."""
    return await session.scalar(select(func.count()).select_from(Customer)) or 0
