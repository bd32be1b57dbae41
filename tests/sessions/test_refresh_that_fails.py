"""A refresh that could not be answered has not happened: the same token is good for another try, however late."""

from collections.abc import Callable
from typing import Any

import pytest

from gatepost import User
from gatepost.core.changes.domain import Change, ChangeKind
from gatepost.core.keys.store import read_keys
from gatepost.kernel.errors import Unavailable
from gatepost.storage.database import Database
from tests.harness import Running, running

pytestmark = pytest.mark.anyio
GRACE_S = 10


class Fault:
    """Something that fails while it is on."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.is_on = False
        self._error = error

    def check(self) -> None:
        if self.is_on:
            raise self._error()


async def assert_nothing_happened(it: Running, fault: Fault, refresh_token: str, later: int) -> None:
    fault.is_on = True
    for _ in range(2):
        assert (await it.refresh(refresh_token)).status_code in {500, 503}
    assert it.rows("SELECT generation, revoked_at FROM gatepost_session") == [(0, None)]
    it.clock.advance(later)
    fault.is_on = False
    answer = await it.refresh(refresh_token)
    assert answer.status_code == 200, answer.text
    assert (await it.principal(answer.json()["access_token"])).status_code == 200
    assert it.rows("SELECT generation, revoked_at FROM gatepost_session") == [(1, None)]
    assert it.value("SELECT count(*) FROM gatepost_audit WHERE event LIKE '%reuse%'") == 0


@pytest.mark.parametrize("later", [0, GRACE_S + 5, 3600])
@pytest.mark.parametrize("error", [Unavailable, RuntimeError])
async def test_claims_that_fail_leave_the_token_unused(
    database_url: str, later: int, error: Callable[[], Exception]
) -> None:
    async with running(database_url, raises=False, refresh_grace=GRACE_S) as it:
        fault = Fault(error)

        async def claims(user: User) -> dict[str, Any]:
            fault.check()
            return {"plan": "free"}

        it.gate.claims(claims)
        token = (await it.enrolled())["refresh_token"]
        await assert_nothing_happened(it, fault, token, later)


@pytest.mark.parametrize("later", [0, GRACE_S + 5, 3600])
async def test_keys_that_cannot_be_read_leave_the_token_unused(
    database_url: str, later: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url, raises=False, refresh_grace=GRACE_S) as it:
        fault = Fault(Unavailable)

        async def read(database: Database) -> object:
            fault.check()
            return await read_keys(database)

        token = (await it.enrolled())["refresh_token"]
        monkeypatch.setattr("gatepost.core.keys.keyring.read_keys", read)
        it.core.feed.index.apply(Change(ChangeKind.KEYS, None, None, 0))
        await assert_nothing_happened(it, fault, token, later)
