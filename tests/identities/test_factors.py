"""Where a user has another factor, an account elsewhere is never enough."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from gatepost import Gatepost
from gatepost.core.identities.domain import Entered
from gatepost.feature import Feature
from gatepost.features import DEFAULT
from gatepost.kernel.errors import FactorRequired
from gatepost.storage.unit_of_work import UnitOfWork
from tests.harness import EMAIL, Mails, Running, asgi_client, guarded_app, settings
from tests.identities.elsewhere import HERE, account, counts, enter, made, redeemed

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def guarded_house(database_url: str, asked: set[uuid.UUID]) -> AsyncIterator[Running]:
    """Run a Gatepost whose users in `asked` have a second factor."""

    async def factor(user_id: uuid.UUID, proved: Sequence[str]) -> Sequence[str]:
        return ["totp"] if user_id in asked and "otp" not in proved else []

    mails = Mails()
    features = (*DEFAULT, Feature(name="second", factors=(factor,)))
    gate: Gatepost = Gatepost(settings(database_url), features=features, mailer=mails)
    app = guarded_app(gate)
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        yield Running(gate, app, client, database_url, mails)


async def test_the_factor_is_demanded_at_every_sign_in(database_url: str) -> None:
    asked: set[uuid.UUID] = set()
    async with guarded_house(database_url, asked) as it:
        user_id = (await enter(it)).grant.user_id
        asked.add(user_id)
        for _ in range(2):
            with pytest.raises(FactorRequired) as refused:
                await enter(it)
            assert refused.value.remaining == ("totp",)
        assert counts(it) == (1, 1, 1)


@pytest.mark.parametrize("is_app", [False, True], ids=["browser", "application"])
async def test_nothing_is_connected_before_the_factor_is_proved(database_url: str, is_app: bool) -> None:  # noqa: FBT001
    asked: set[uuid.UUID] = set()
    async with guarded_house(database_url, asked) as it:
        asked.add(await made(it, verified=True))

        async def within(_: UnitOfWork, __: Entered) -> None:
            pytest.fail("a code was issued")

        entering = it.core.identities.enter_app(redeemed(it), HERE, within=within) if is_app else enter(it)
        with pytest.raises(FactorRequired):
            await entering
        assert counts(it) == (1, 0, 0)


async def test_a_factor_keeps_an_unproved_account_from_being_taken_over(database_url: str) -> None:
    asked: set[uuid.UUID] = set()
    async with guarded_house(database_url, asked) as it:
        asked.add(await made(it, verified=False))
        with pytest.raises(FactorRequired):
            await enter(it)
        user = await it.gate.users.find(EMAIL)
        assert user is not None
        assert not user.email_verified


async def test_the_factor_is_demanded_after_linking_too(database_url: str) -> None:
    asked: set[uuid.UUID] = set()
    async with guarded_house(database_url, asked) as it:
        user_id = await made(it, verified=True)
        answer = await it.principal((await it.signed_in())["access_token"])
        session_id = uuid.UUID(answer.json()["sid"])
        await it.core.identities.link(redeemed(it, account(subject="mine")), user_id, session_id, HERE)
        asked.add(user_id)
        with pytest.raises(FactorRequired):
            await enter(it, account(subject="mine"))
