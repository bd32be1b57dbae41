"""A change of keys that is told is followed by a reading of them that was begun after it, however often that fails."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gatepost.kernel.changes import Change, ChangeKind
from gatepost.kernel.clock import Clock
from gatepost.kernel.revocations import write_change
from gatepost.kernel.tasks import end_tasks
from gatepost.outbound import Outbound, OutboundPolicy
from gatepost.trust.discovery import Metadata
from gatepost.trust.issuer import TrustedIssuer
from gatepost.trust.jwks import JwksPolicy
from gatepost.trust.revocations import Revocations
from tests.harness import eventually
from tests.resource_server.issuer import ForeignIssuer, foreign, key_of, named
from tests.revocations.following import CLIENT, SECRET
from tests.revocations.liar import OK, beat, lying, snapshot

pytestmark = pytest.mark.anyio
OTHER = named(key_of("ES256", 7), "k2")


@asynccontextmanager
async def told_of_keys(issuer: ForeignIssuer, when: asyncio.Event, bound: float = 30) -> AsyncIterator[TrustedIssuer]:
    """Follow an issuer that says, at some time, that its keys have changed."""

    async def say(nonce: str) -> AsyncIterator[bytes]:
        began, is_said = time.monotonic(), False
        yield OK + snapshot(nonce, issuer=issuer.url)
        while True:
            yield beat(1000.0 + time.monotonic() - began)
            if when.is_set() and not is_said:
                is_said = True
                yield write_change(Change(ChangeKind.KEYS, None, None, 0))
            await asyncio.sleep(0.05)

    outbound, clock = Outbound(OutboundPolicy(allows_loopback=True)), Clock()
    async with lying(say) as liar:
        metadata = Metadata(issuer=issuer.url, jwks_uri=f"{issuer.url}/keys", gatepost_revocations=f"{liar.url}/r")
        policy = JwksPolicy(retry=0.05)
        trusted = TrustedIssuer(issuer.url, outbound, clock, metadata=metadata, policy=policy)
        task = asyncio.create_task(Revocations(trusted, outbound, clock, (CLIENT, SECRET), bound=bound).run())
        try:
            yield trusted
        finally:
            await end_tasks([task])
            await trusted.close()
            await outbound.close()


async def until_the_other_key(trusted: TrustedIssuer) -> None:
    async def is_known() -> bool:
        return set(trusted.jwks.keys) == {"k2"}

    await eventually(is_known, within=5)


@pytest.mark.parametrize("reads", [1, 2], ids=["for the snapshot", "by the way"])
async def test_a_key_that_is_taken_back_while_keys_are_being_read_is_not_believed_until_the_next_time(
    reads: int,
) -> None:
    held, changed = asyncio.Event(), asyncio.Event()
    async with foreign() as issuer:
        before = {"keys": list(issuer.keys)}

        async def slow(_: str) -> dict[str, Any] | None:
            if len(issuer.asked) < reads or held.is_set():
                return None
            await held.wait()
            return before

        issuer.answer = slow
        async with told_of_keys(issuer, changed) as trusted:

            async def is_read() -> bool:
                return bool(trusted.jwks.keys)

            async def is_asked() -> bool:
                return len(issuer.asked) == reads

            if reads > 1:
                await eventually(is_read, within=5)
            reading = asyncio.create_task(trusted.jwks.freshen(f"{issuer.url}/keys"))
            await eventually(is_asked, within=5)
            issuer.keys = [OTHER]
            changed.set()
            await asyncio.sleep(0.2)
            held.set()
            await until_the_other_key(trusted)
            await reading


async def test_a_reading_of_changed_keys_that_fails_is_tried_again() -> None:
    changed = asyncio.Event()
    async with foreign() as issuer, told_of_keys(issuer, changed) as trusted:

        async def is_read() -> bool:
            return set(trusted.jwks.keys) == {"k1"}

        await eventually(is_read, within=5)
        failures = iter([b"no keys", b"no keys"])
        issuer.answer = lambda _: next(failures, None)
        issuer.keys = [OTHER]
        changed.set()
        await until_the_other_key(trusted)


async def test_keys_are_read_again_since_another_process_of_the_server_may_have_answered() -> None:
    changed = asyncio.Event()
    async with foreign() as issuer, told_of_keys(issuer, changed, bound=2) as trusted:

        async def is_settled() -> bool:
            return len(issuer.asked) == 2

        await eventually(is_settled, within=5)
        behind = iter([{"keys": list(issuer.keys)}])
        issuer.answer = lambda _: next(behind, None)
        issuer.keys = [OTHER]
        changed.set()
        await until_the_other_key(trusted)
