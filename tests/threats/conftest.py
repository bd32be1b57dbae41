"""One running house for each file of threats; a test that moves the clock or spends budgets builds its own."""

from collections.abc import AsyncIterator

import pytest

from tests.threats.lab import Lab, running


@pytest.fixture(scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    """A Gatepost on https, shared by the tests of a file."""
    async with running(tmp_path_factory.mktemp("lab")) as found:
        yield found
