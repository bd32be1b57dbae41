"""What becomes of the keys when the configured algorithm changes."""

import pytest

from gatepost import Gatepost, Settings
from gatepost.core.keys import KeyState
from gatepost.kernel.clock import Clock

pytestmark = pytest.mark.anyio


def gate(url: str, algorithm: str, clock: Clock) -> Gatepost:
    """Return a gate over one database, configured with an algorithm."""
    settings = Settings(
        env="development",
        database_url=url,
        secret="a secret for tests, and no other use 0123",
        signing_algorithm=algorithm,
        mailbox_key="x",
        _env_file=None,
    )
    return Gatepost(settings, clock=clock)


async def test_a_new_algorithm_signs_once_every_cached_jwks_has_seen_its_key(database_url: str) -> None:
    clock = Clock()
    async with gate(database_url, "ES256", clock).lifespan():
        pass
    second = gate(database_url, "EdDSA", clock)
    async with second.lifespan():
        ring = second.core.keyring
        assert [row.algorithm for row, _ in ring.listing()] == ["ES256", "EdDSA"]
        assert ring.signer().algorithm == "ES256"
        clock.advance(ring.policy.publish_ahead_ms / 1000 + 1)
        assert ring.signer().algorithm == "EdDSA"
        assert ring.listing()[0][1] is KeyState.RETIRED


async def test_two_versions_that_are_rolled_out_together_do_not_outbid_each_other(database_url: str) -> None:
    clock = Clock()
    old, new = gate(database_url, "ES256", clock), gate(database_url, "EdDSA", clock)
    async with old.lifespan(), new.lifespan():
        for one in (old, new) * 3:
            assert not await one.core.keyring.ensure(is_start=False)
        await old.core.keyring.load()
        assert len(old.core.keyring.listing()) == 2
