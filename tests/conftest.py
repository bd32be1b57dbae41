"""Fixtures that every test may ask for: real databases, a real Redis, the path of a browser.

Each pytest worker has servers of its own, started when the first test asks, so that a test of faults may stop them;
each test has a database of its own, with our tables and nothing in them. What is missing skips the test and says how to
get it; on the build server it fails.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.backends import PostgresServer, RedisServer, chromium_program, redis_program
from tests.issuers.provider import CURE, OidcProvider, node_program
from tests.tables import make_tables, migrated_sqlite

_NEEDS = {"postgres_server": "postgres", "redis_server": "redis", "oidc_provider_server": "node", "chromium": "e2e"}

# A worker that begins this when the others end keeps them waiting.
_LONGEST = "growth/test_month.py"


def pytest_configure() -> None:
    """Keep the developer's own settings out of the tests."""
    for name in [name for name in os.environ if name.startswith("GATEPOST_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they ask for, so that `-m "not postgres"` needs no bookkeeping, and begin with the longest."""
    items.sort(key=lambda item: not item.path.match(_LONGEST))
    for item in items:
        for fixture in _NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_NEEDS[fixture])


def missing(what: str, cure: str) -> NoReturn:
    """Skip the test, or fail it on the build server, where nothing may be missing."""
    reason = f"{what} is missing: {cure}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this worker; a test that stopped it need not start it again."""
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def is_migrated() -> bool:
    """Whether a test begins with our tables; where they are made or found missing, a module of tests says no."""
    return True


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The name of a database with our tables and nothing in them, for others to be copies of."""
    postgres_server.start()
    name = postgres_server.create_database()
    make_tables(postgres_server.url(name))
    return name


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres_server: PostgresServer, is_migrated: bool) -> Iterator[str]:  # noqa: FBT001 - a fixture
    """A database of the test's own, as SQLAlchemy's URL."""
    postgres_server.start()
    template = [request.getfixturevalue("migrated_postgres")] if is_migrated else []
    name = postgres_server.create_database(*template)
    yield postgres_server.url(name)
    postgres_server.start()
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this worker; a test that stopped it need not start it again."""
    program = redis_program()
    if program is None:
        missing("redis-server", "apt-get install redis-server")
    server = RedisServer(program)
    yield server
    server.close()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.start()
    redis_server.flush()
    return redis_server.url


@pytest.fixture
def sqlite_url(tmp_path: Path, is_migrated: bool) -> str:  # noqa: FBT001 - a fixture
    """A database file of the test's own; it does not exist yet where our tables are not wanted."""
    file = tmp_path / "test.db"
    if is_migrated:
        file.write_bytes(migrated_sqlite())
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each database that we support, one after the other."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program, for playwright's `executable_path`."""
    program = chromium_program()
    if program is None:
        missing("chromium", "apt-get install chromium")
    return program


@pytest.fixture(scope="session")
def oidc_provider_server() -> Iterator[OidcProvider]:
    """An OpenID provider of this worker; a test that stopped it need not start it again."""
    node = node_program()
    if node is None:
        missing("the OpenID provider", CURE)
    server = OidcProvider(node)
    yield server
    server.close()


@pytest.fixture
def oidc_provider(oidc_provider_server: OidcProvider) -> OidcProvider:
    """An OpenID provider without clients and accounts."""
    oidc_provider_server.resume()
    oidc_provider_server.start()
    oidc_provider_server.reset()
    return oidc_provider_server
