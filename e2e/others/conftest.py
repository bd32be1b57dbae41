"""A Todo app that knows a provider, Example ID, which is another site for a browser."""

from collections.abc import Iterator

import pytest

from e2e.conftest import todo_app
from e2e.others.visit import enroll
from tests.backends import free_port
from tests.conftest import missing
from tests.issuers.example_id import todo_client, todo_settings
from tests.issuers.provider import CURE, OidcProvider, node_program


@pytest.fixture(scope="session")
def provider() -> Iterator[OidcProvider]:
    """Example ID; each test makes accounts of its own there."""
    node = node_program()
    if node is None:
        missing("the OpenID provider", CURE)
    running = OidcProvider(node)
    yield running
    running.close()


@pytest.fixture(scope="session")
def server(provider: OidcProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the Todo app."""
    port = free_port()
    provider.change(clients=[todo_client(f"http://127.0.0.1:{port}")])
    with todo_app(tmp_path_factory.mktemp("others"), port, **todo_settings(provider.issuer)) as url:
        yield url


@pytest.fixture
def account(provider: OidcProvider) -> str:
    """Somebody new at Example ID, and nobody else is there."""
    return enroll(provider)
