"""What has ended meanwhile lets nobody go on: the account elsewhere that a code came of, the session that links."""

import uuid

import pytest

from gatepost.core.identities.domain import Entered
from gatepost.kernel.errors import LoginFailed, NotAuthenticated
from gatepost.storage.unit_of_work import UnitOfWork, nothing
from tests.harness import running
from tests.identities.elsewhere import HERE, account, counts, enter, made, redeemed, wanted

pytestmark = pytest.mark.anyio


async def _issue(_: UnitOfWork, __: Entered) -> None:
    """Issue a code."""


async def _then(_: UnitOfWork, __: uuid.UUID) -> None:
    """Note the session."""


async def test_a_code_of_an_account_that_was_disconnected_meanwhile_opens_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        opened = await enter(it, account(subject="mallory"))
        entered = await it.core.identities.enter_app(redeemed(it, account(subject="mallory")), HERE, within=_issue)
        await it.core.identities.remove(opened.grant.user_id, entered.identity_id, HERE)
        with pytest.raises(LoginFailed):
            await it.core.identities.open_app(entered, wanted(), within=nothing, then=_then)
        assert counts(it) == (1, 0, 0)


async def test_a_session_that_has_ended_connects_nothing(database_url: str) -> None:
    async with running(database_url) as it:
        user_id = await made(it, verified=True)
        tokens = await it.signed_in()
        session_id = uuid.UUID((await it.principal(tokens["access_token"])).json()["sid"])
        assert await it.core.sessions.end(session_id, user_id, origin=HERE)
        with pytest.raises(NotAuthenticated):
            await it.core.identities.link(redeemed(it), user_id, session_id, HERE)
        assert counts(it) == (1, 0, 0)


async def test_an_account_that_is_disabled_meanwhile_is_not_taken_over(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it:
        user_id = await made(it, verified=False)

        async def disabled(*_: object) -> None:
            await it.gate.users.disable(user_id)

        monkeypatch.setattr(it.core.login, "require_factors", disabled)  # after it was decided who that is
        with pytest.raises(LoginFailed):
            await it.core.identities.enter_app(redeemed(it), HERE, within=_issue)
        assert not it.value("SELECT email_verified FROM gatepost_user")
        assert it.value("SELECT count(*) FROM gatepost_password") == 1
        assert counts(it) == (1, 0, 0)
