"""Whatever comes at once: one user, one identity, and never nobody's way in."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest

from gatepost.core.identities.domain import Identity
from gatepost.core.identities.errors import IdentityTaken, LastWayIn
from gatepost.core.sessions.flow import Opened
from gatepost.kernel.errors import AuthError, LoginFailed, NotAuthenticated, NotFound
from tests.harness import EMAIL, Running, around, running
from tests.identities.elsewhere import (
    HERE,
    OTHER_ISSUER,
    PROVIDERS,
    access,
    account,
    counts,
    enter,
    made,
    policy,
    redeemed,
)

pytestmark = pytest.mark.anyio
MANY = 12


async def outcomes(calls: Sequence[Awaitable[Any]]) -> tuple[list[Any], Counter[type[BaseException]]]:
    """Return what succeeded, and how often each refusal came."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    failed = [result for result in results if isinstance(result, BaseException)]
    assert [error for error in failed if not isinstance(error, AuthError)] == []
    return [result for result in results if not isinstance(result, BaseException)], Counter(map(type, failed))


async def session_of(it: Running, email: str = EMAIL) -> tuple[uuid.UUID, uuid.UUID]:
    """Return user and session of a sign-in by password."""
    answer = await it.principal((await it.signed_in(email))["access_token"])
    return uuid.UUID(answer.json()["sub"]), uuid.UUID(answer.json()["sid"])


async def linked(it: Running, user_id: uuid.UUID, session_id: uuid.UUID, subject: str) -> uuid.UUID:
    """Connect an account."""
    return await it.core.identities.link(redeemed(it, account(subject=subject)), user_id, session_id, HERE)


@pytest.mark.parametrize("email", [EMAIL, None], ids=["with an address", "without"])
async def test_many_callbacks_of_one_new_account_make_one_user(database_url: str, email: str | None) -> None:
    async with running(database_url) as it:
        opened, refused = await outcomes([enter(it, account(email=email)) for _ in range(MANY)])
        assert refused == {}
        assert len({one.grant.user_id for one in opened}) == 1
        assert counts(it) == (1, 1, MANY)
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'identity.linked'") == 1


async def test_many_accounts_of_one_new_address_make_one_user(database_url: str) -> None:
    async with running(database_url) as it:
        people = [account(subject=f"subject-{number}") for number in range(MANY)]
        opened, refused = await outcomes([enter(it, who) for who in people])
        assert refused == {}
        assert len({one.grant.user_id for one in opened}) == 1
        assert counts(it) == (1, MANY, MANY)


async def test_a_sign_up_and_a_first_sign_in_elsewhere_make_one_user_whose_password_is_nobodys(
    database_url: str,
) -> None:
    for number in range(6):
        async with running(database_url) as it:
            email = f"person{number}@example.com"
            opened, answer = await asyncio.gather(
                enter(it, account(email=email, subject=email)), it.register(email), return_exceptions=False
            )
            assert answer.status_code in {201, 409}
            user = await it.gate.users.find(email)
            assert user is not None
            assert (user.id, user.email_verified) == (opened.grant.user_id, True)
            assert (await it.token(email)).status_code == 400
            assert await access(it, opened) == 200


async def test_many_who_take_over_one_account_end_up_in_it_once(database_url: str) -> None:
    async with running(database_url) as it:
        await made(it, verified=False)
        opened, refused = await outcomes([enter(it) for _ in range(MANY)])
        assert refused == {}
        assert counts(it)[:2] == (1, 1)
        assert {await access(it, one) for one in opened} == {200}
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'password.changed'") == 1


async def test_one_account_is_connected_to_one_of_two_users(database_url: str) -> None:
    async with running(database_url) as it:
        people = []
        for email in (EMAIL, "bob@example.com"):
            await made(it, email, verified=True)
            people.append(await session_of(it, email))
        calls = [linked(it, *people[number % 2], "shared") for number in range(MANY)]
        won, refused = await outcomes(calls)
        assert refused == {IdentityTaken: MANY // 2}
        assert len(set(won)) == 1
        assert counts(it)[1] == 1


async def test_two_who_unlink_at_once_leave_a_way_in(database_url: str) -> None:
    async with running(database_url, providers=PROVIDERS) as it:
        for number in range(6):
            first = await enter(it, account(email=None, subject=f"a{number}"))
            user_id, session_id = first.grant.user_id, first.grant.session_id
            await it.core.identities.link(
                redeemed(
                    it, account(email=None, subject=f"b{number}", issuer=OTHER_ISSUER), provider=policy(name="other")
                ),
                user_id,
                session_id,
                HERE,
            )
            ids = [one.id for one in await it.core.identities.listing(user_id)]
            calls = [it.core.identities.unlink(user_id, one, HERE, kept=session_id) for one in ids * 3]
            won, refused = await outcomes(calls)
            assert len(won) == 1
            assert set(refused) <= {LastWayIn, NotFound}
            assert len(await it.core.identities.listing(user_id)) == 1


async def test_linking_and_unlinking_one_account_at_once_ends_in_one_of_both(database_url: str) -> None:
    async with running(database_url, providers=PROVIDERS) as it:
        await made(it, verified=True)
        user_id, session_id = await session_of(it)
        for number in range(6):
            subject = f"s{number}"
            identity_id = await linked(it, user_id, session_id, subject)
            calls: list[Awaitable[Any]] = [linked(it, user_id, session_id, subject) for _ in range(4)]
            calls += [it.core.identities.unlink(user_id, identity_id, HERE, kept=session_id) for _ in range(4)]
            won, refused = await outcomes(calls)
            assert set(refused) <= {NotFound}
            assert sum(result is None for result in won) == 1  # one of them unlinked
            left: list[Identity] = [one for one in await it.core.identities.listing(user_id) if one.subject == subject]
            assert len(left) <= 1


@pytest.mark.parametrize("change", ["disable", "sign_out_everywhere", "delete"])
async def test_a_sign_in_under_way_does_not_outlive_what_ends_everything(
    database_url: str, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    async with running(database_url) as it:
        user_id = (await enter(it)).grant.user_id
        login, reached, released = it.core.login, asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            reached.set()
            await released.wait()

        monkeypatch.setattr(login, "require_factors", around(login.require_factors, before=hold))
        signing_in = asyncio.create_task(enter(it))
        await reached.wait()
        await getattr(it.gate.users, change)(user_id)
        released.set()
        with pytest.raises(LoginFailed):
            await signing_in
        assert counts(it)[2] == 0


async def test_an_address_that_moves_away_while_it_is_linked_links_nobody(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it:
        owner = await made(it, verified=True)
        login, is_first = it.core.login, [True]

        async def move() -> None:
            if is_first.pop() if is_first else False:
                it.rows("UPDATE gatepost_user SET email = 'moved@example.com'")

        monkeypatch.setattr(login, "require_factors", around(login.require_factors, before=move))
        opened: Opened = await enter(it)
        assert opened.grant.user_id != owner
        assert counts(it)[0] == 2


async def test_an_account_that_is_verified_meanwhile_is_not_taken_over(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(database_url) as it:
        owner = await made(it, verified=False)
        login, is_first = it.core.login, [True]

        async def verify() -> None:
            if is_first.pop() if is_first else False:
                await it.gate.users.set_verified(owner, True)

        monkeypatch.setattr(login, "require_factors", around(login.require_factors, before=verify))
        assert (await enter(it)).grant.user_id == owner
        assert (await it.token()).status_code == 200  # linked, and the password is still theirs


async def test_a_link_needs_an_open_session_of_the_user_in_person(database_url: str) -> None:
    async with running(database_url) as it:
        await made(it, verified=True)
        ada = await session_of(it)
        bob_id = await made(it, "bob@example.com", verified=True)
        with pytest.raises(NotAuthenticated):
            await linked(it, bob_id, ada[1], "shared")
        await it.core.sessions.end(ada[1], ada[0])
        with pytest.raises(NotAuthenticated):
            await linked(it, *ada, "shared")
        again = await session_of(it)
        it.rows("UPDATE gatepost_session SET actor_id = user_id WHERE revoked_at IS NULL")
        with pytest.raises(NotAuthenticated):
            await linked(it, *again, "shared")
        assert counts(it)[1] == 0
