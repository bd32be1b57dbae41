"""A database that fastapi-users itself has made: afterwards its people sign in here with their old passwords."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from anyio import to_thread
from fastapi_users import BaseUserManager, UUIDIDMixin, schemas
from fastapi_users_db_sqlalchemy import (
    SQLAlchemyBaseOAuthAccountTableUUID,
    SQLAlchemyBaseUserTableUUID,
    SQLAlchemyUserDatabase,
)
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, relationship

from tests.harness import query, running
from tests.imports.people import WORDS, statuses
from tests.server.terminal import Terminal

pytestmark = pytest.mark.anyio
OWNER, STRANGER, GONE = "owner@example.com", "Stranger@Example.com", "gone@example.com"


class Base(DeclarativeBase):
    pass


class OAuthAccount(SQLAlchemyBaseOAuthAccountTableUUID, Base):
    pass


class User(SQLAlchemyBaseUserTableUUID, Base):
    oauth_accounts: Mapped[list[OAuthAccount]] = relationship(lazy="joined")


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = verification_token_secret = "secrets of the other library"


@asynccontextmanager
async def manager(database_url: str) -> AsyncIterator[Manager]:
    """Yield the user manager of fastapi-users over its own tables."""
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with async_sessionmaker(engine, expire_on_commit=False)() as session:
        yield Manager(SQLAlchemyUserDatabase(session, User, OAuthAccount))
    await engine.dispose()


async def made_by_fastapi_users(database_url: str) -> dict[str, uuid.UUID]:
    """Make three people with fastapi-users, one of whom came by Google, and return their ids."""
    async with manager(database_url) as users:
        ids = {}
        for email, flags in (
            (OWNER, {"is_superuser": True, "is_verified": True}),
            (STRANGER, {}),
            (GONE, {"is_active": False}),
        ):
            user = await users.create(schemas.BaseUserCreate(email=email, password=WORDS, **flags))
            ids[email.lower()] = user.id
        await users.oauth_callback("google", "their-token", "subject-7", STRANGER, associate_by_email=True)
    return ids


async def test_people_hashes_ids_and_identities_come_over(database_url: str) -> None:
    ids = await made_by_fastapi_users(database_url)
    terminal = Terminal(database_url)
    said = await terminal.aside("migrate", "fastapi-users")
    assert {"3 imported", "1 identities at providers", "1 of the source have the role admin"} <= set(said.splitlines())
    async with running(database_url) as house:
        for email, user_id in ids.items():
            user = await house.gate.users.find(email)
            assert user is not None
            assert user.id == user_id
        owner = await house.gate.users.find(OWNER)
        assert owner is not None
        assert (sorted(owner.roles), owner.email_verified, owner.is_disabled) == (["admin"], True, False)
    assert query(database_url, "SELECT issuer, subject FROM gatepost_identity") == [
        ("https://accounts.google.com", "subject-7")
    ]
    assert await statuses(terminal, OWNER, STRANGER.lower(), GONE) == [200, 200, 400]


async def test_its_tables_are_left_as_they_are_and_no_token_of_a_provider_is_taken(database_url: str) -> None:
    await made_by_fastapi_users(database_url)
    table = '"user"'
    before = query(database_url, f"SELECT id, email, hashed_password FROM {table} ORDER BY id")
    terminal = Terminal(database_url)
    await terminal.aside("migrate", "fastapi-users")
    assert query(database_url, f"SELECT id, email, hashed_password FROM {table} ORDER BY id") == before
    rows = query(database_url, "SELECT * FROM gatepost_identity")
    assert "their-token" not in str(rows)


async def test_a_second_run_changes_nothing(database_url: str) -> None:
    await made_by_fastapi_users(database_url)
    terminal = Terminal(database_url)
    await terminal.aside("migrate", "fastapi-users")
    said = await terminal.aside("migrate", "fastapi-users")
    assert {"3 imported before", "0 identities at providers"} <= set(said.splitlines())


async def test_a_rehearsal_writes_nothing(sqlite_url: str) -> None:
    await made_by_fastapi_users(sqlite_url)
    terminal = Terminal(sqlite_url)
    await terminal.aside("migrate", "fastapi-users", "--dry-run")
    assert query(sqlite_url, "SELECT count(*) FROM gatepost_user") == [(0,)]


async def test_another_table_is_told_from_one_of_theirs(sqlite_url: str) -> None:
    await made_by_fastapi_users(sqlite_url)
    terminal = Terminal(sqlite_url)
    result = await to_thread.run_sync(terminal, "migrate", "fastapi-users", "--user-table", "oauth_account")
    assert (result.exit_code, "is no table of fastapi-users" in result.stderr) == (1, True)
    result = await to_thread.run_sync(terminal, "migrate", "fastapi-users", "--user-table", "members")
    assert (result.exit_code, "there is no table members" in result.stderr) == (1, True)
