"""A town, an issuer in it with its keys, and who trusts it, by a clock that tests move."""

from collections.abc import AsyncIterator

import pytest

from gatepost.kernel.clock import Clock
from gatepost.outbound import Outbound
from gatepost.trust.issuer import TrustedIssuer
from tests.outbound.origin import Town
from tests.trust.issuer import Issuer, issuing


@pytest.fixture(scope="session")
def town() -> Town:
    return Town()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def issuer(town: Town) -> AsyncIterator[Issuer]:
    async with issuing(town) as made:
        yield made


@pytest.fixture
async def outbound(town: Town) -> AsyncIterator[Outbound]:
    made = town.client()
    yield made
    await made.close()


@pytest.fixture
async def trusted(issuer: Issuer, outbound: Outbound, clock: Clock) -> AsyncIterator[TrustedIssuer]:
    made = TrustedIssuer(issuer.url, outbound, clock)
    yield made
    await made.close()
