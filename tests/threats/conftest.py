"""One running house for each file of threats; a test that moves the clock or spends budgets builds its own."""

from collections.abc import AsyncIterator

import pytest

from gatepost.outbound import Outbound
from tests.outbound.origin import Town
from tests.social.conftest import upstream
from tests.threats.lab import Lab, running
from tests.trust.issuer import Issuer, issuing

__all__ = ["lab", "upstream"]


@pytest.fixture(scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """A Gatepost on https, shared by the tests of a file."""
    async with running(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="session")
def town() -> Town:
    """An authority, and names that lead to this machine."""
    return Town()


@pytest.fixture
async def issuer(town: Town) -> AsyncIterator[Issuer]:
    """Somebody who signs tokens."""
    async with issuing(town) as made:
        yield made


@pytest.fixture
async def outbound(town: Town) -> AsyncIterator[Outbound]:
    """Who asks others."""
    made = town.client()
    yield made
    await made.close()
