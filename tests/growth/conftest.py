"""A trail on each database."""

from collections.abc import AsyncIterator

import pytest

from tests.audit.trail import Trail, trail


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[Trail]:
    """An empty trail."""
    async with trail(database_url) as found:
        yield found
