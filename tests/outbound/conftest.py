"""A town for all tests of a module, and a server in it."""

from collections.abc import AsyncIterator

import pytest

from gatepost.outbound import Outbound
from tests.outbound.origin import NAME, Origin, Town, serving


@pytest.fixture(scope="module")
def town() -> Town:
    return Town()


@pytest.fixture
async def origin(town: Town) -> AsyncIterator[Origin]:
    """A server with the certificate of its name."""
    async with serving(context=town.certificate(NAME)) as made:
        yield made


@pytest.fixture
async def outbound(town: Town) -> AsyncIterator[Outbound]:
    """A client that believes this town and reaches this machine."""
    made = town.client()
    yield made
    await made.close()
