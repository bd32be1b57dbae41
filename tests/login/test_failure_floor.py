"""A failed sign-in takes the floor at least, so that the time of an imported hash tells nobody that it is there."""

import time
from pathlib import Path

import bcrypt
import pytest

from gatepost import Gatepost, Settings
from gatepost.core.audit import Origin
from gatepost.core.login.flow import Wanted
from gatepost.core.sessions.domain import SessionKind
from gatepost.core.users import NewUser
from gatepost.kernel.errors import LoginFailed

pytestmark = pytest.mark.anyio
FLOOR_S = 0.4
WANTED = Wanted(kind=SessionKind.COOKIE, client_id="browser", scope="", origin=Origin())


async def test_unknown_ours_and_imported_fail_no_sooner_than_the_floor(tmp_path: Path) -> None:
    settings = Settings(
        env="development",
        database_url=f"sqlite:///{tmp_path / 'test.db'}",
        secret="a secret for tests, and no other use 0123",
        login_failure_floor=FLOOR_S,
        hash_memory_kib=7_168,
        hash_time_cost=1,
        mailbox_key="x",
        _env_file=None,
    )
    gate = Gatepost(settings)
    async with gate.lifespan():
        await gate.create_user(email="ours@example.com", password="a long enough phrase")
        imported = bcrypt.hashpw(b"a long enough phrase", bcrypt.gensalt(4)).decode()
        await gate.users.create(NewUser(email="imported@example.com", password_hash=imported))
        for who in ("nobody@example.com", "ours@example.com", "imported@example.com"):
            began = time.monotonic()
            with pytest.raises(LoginFailed):
                await gate.core.login.with_password(who, "another long phrase", WANTED)
            assert time.monotonic() - began >= FLOOR_S
        opened = await gate.core.login.with_password("imported@example.com", "a long enough phrase", WANTED)
        assert opened.kind is SessionKind.COOKIE
