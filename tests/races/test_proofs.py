"""A proof by mail is used up once, and whatever races it goes before or after it, never through it.

Storage is slow here on purpose, by a few milliseconds at random before each statement, so that what could interleave
does.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest

from gatepost.core.proofs import ProofKind
from gatepost.core.users import store as users
from gatepost.kernel.ids import uuid7
from gatepost.storage.statement import Statement
from gatepost.storage.unit_of_work import UnitOfWork
from tests.harness import EMAIL, PASSWORD, Running, around, bearer, running
from tests.recovery.mailing import code, delivered, token

pytestmark = pytest.mark.anyio
MANY = 50


@pytest.fixture(params=range(2))
def slow_storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Running], None]:
    """Delay every statement, in another order each time."""
    dice = random.Random(request.param)
    run = UnitOfWork.run

    async def wait() -> None:
        await asyncio.sleep(dice.random() * 0.004)

    async def slow(work: UnitOfWork, *args: Any, **values: Any) -> Any:  # noqa: ANN401 - rows
        await wait()
        return await run(work, *args, **values)

    def slow_down(it: Running) -> None:
        hot = it.core.database.hot
        monkeypatch.setattr(UnitOfWork, "run", slow)
        monkeypatch.setattr(hot, "run", around(hot.run, before=wait))
        monkeypatch.setattr(hot, "read", around(hot.read, before=wait))

    return slow_down


def password(number: int) -> str:
    return f"new long password {number}"


async def reset(it: Running, number: int, **proof: str) -> int:
    body = {"new_password": password(number), **proof}
    return (await it.client.post("/auth/password/reset", json=body)).status_code


async def asked(it: Running) -> str:
    await it.client.post("/auth/password/forgot", json={"email": EMAIL})
    return await token(it, "reset-password")


async def statuses(*calls: Coroutine[Any, Any, int]) -> Counter[int]:
    return Counter(await asyncio.gather(*calls))


async def test_of_fifty_resets_by_one_link_one_wins(database_url: str, slow_storage: Callable[[Running], None]) -> None:
    async with running(database_url) as it:
        await it.register()
        proof = await asked(it)
        slow_storage(it)
        answers = await asyncio.gather(*(reset(it, number, token=proof) for number in range(MANY)))
        assert Counter(answers) == {204: 1, 400: MANY - 1}
        winner = answers.index(204)
        assert (await it.token(EMAIL, password(winner))).status_code == 200
        assert (await it.token(EMAIL, password((winner + 1) % MANY))).status_code == 400
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'password.reset'") == 1


async def test_of_fifty_verifications_by_one_link_one_wins(
    database_url: str, slow_storage: Callable[[Running], None]
) -> None:
    async with running(database_url) as it:
        await it.register()
        proof = await token(it, "verify-email")
        slow_storage(it)

        async def verify() -> int:
            return (await it.client.post("/auth/email/verify", json={"token": proof})).status_code

        assert await statuses(*(verify() for _ in range(MANY))) == {204: 1, 400: MANY - 1}
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'email.verified'") == 1


async def test_fifty_guesses_at_once_get_five_attempts(
    database_url: str, slow_storage: Callable[[Running], None]
) -> None:
    async with running(database_url, email_proof="code") as it:
        await it.register()
        await delivered(it)
        await it.client.post("/auth/password/forgot", json={"email": EMAIL})
        digits = await code(it, EMAIL)
        slow_storage(it)
        wrong = f"{(int(digits) + 1) % 1_000_000:06}"
        assert await statuses(*(reset(it, n, email=EMAIL, code=wrong) for n in range(MANY))) == {400: MANY}
        assert it.value("SELECT attempts FROM gatepost_proof WHERE purpose = 'reset_password'") == 5
        assert await reset(it, 1, email=EMAIL, code=digits) == 400
        assert (await it.token()).status_code == 200


async def test_a_right_code_in_many_hands_wins_once(database_url: str, slow_storage: Callable[[Running], None]) -> None:
    async with running(database_url, email_proof="code") as it:
        await it.register()
        await delivered(it)
        await it.client.post("/auth/password/forgot", json={"email": EMAIL})
        digits = await code(it, EMAIL)
        slow_storage(it)
        assert await statuses(*(reset(it, n, email=EMAIL, code=digits) for n in range(20))) == {204: 1, 400: 19}


async def test_of_a_reset_and_a_password_change_one_wins(
    database_url: str, slow_storage: Callable[[Running], None]
) -> None:
    async with running(database_url) as it:
        access = (await it.enrolled())["access_token"]
        proof = await asked(it)
        slow_storage(it)

        async def change() -> int:
            body = {"current_password": PASSWORD, "new_password": "changed long password"}
            return (await it.client.post("/auth/password/change", json=body, headers=bearer(access))).status_code

        changed, *resets = await asyncio.gather(change(), *(reset(it, n, token=proof) for n in range(5)))
        assert [changed, *resets].count(204) == 1
        opened = [(await it.token(EMAIL, password(n))).status_code for n in range(5)]
        assert opened == [200 if status == 204 else 400 for status in resets]
        assert (await it.token(EMAIL, "changed long password")).status_code == (200 if changed == 204 else 400)
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event IN ('password.reset','password.changed')") == 1


async def test_a_verification_and_a_reset_that_meet_do_not_wait_for_each_other(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lock the user first: else one would hold a proof and want the user, the other the other way round."""
    async with running(postgres_url) as it:
        await it.register()
        verifying, resetting = await token(it, "verify-email"), await asked(it)
        proofs, used_up, run, bumped = it.core.proofs, asyncio.Event(), UnitOfWork.run, asyncio.Event()

        async def meet(_: object) -> None:
            used_up.set()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bumped.wait(), 0.3)

        async def watched(work: UnitOfWork, statement: Statement, **values: Any) -> Any:  # noqa: ANN401 - rows
            rows = await run(work, statement, **values)
            if statement is users.bump_epoch:
                bumped.set()
            return rows

        monkeypatch.setattr(proofs, "consume", around(proofs.consume, after=meet))
        monkeypatch.setattr(UnitOfWork, "run", watched)
        first = asyncio.create_task(it.client.post("/auth/email/verify", json={"token": verifying}))
        await used_up.wait()
        assert await reset(it, 1, token=resetting) == 204
        assert (await first).status_code == 204


async def test_a_reset_and_everything_else_a_mailbox_can_do_at_once_wait_for_nobody_for_ever(
    database_url: str, slow_storage: Callable[[Running], None]
) -> None:
    async with running(database_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        verifying, resetting = await token(it, "verify-email"), await asked(it)
        slow_storage(it)

        async def post(path: str, **body: str) -> int:
            return (await it.client.post(f"/auth/{path}", json=body)).status_code

        async def issue() -> int:
            proof_id = uuid7(it.clock.now_ms())
            await it.core.proofs.issue(ProofKind.SIGN_IN, user_id, proof_id=proof_id, email=EMAIL)
            return 0

        calls = [
            call
            for number in range(8)
            for call in (
                post("email/verify", token=verifying),
                reset(it, number, token=resetting),
                issue(),
                it.core.users.sign_out_everywhere(user_id),
            )
        ]
        answers = Counter(await asyncio.gather(*calls))
        assert answers[204] in {1, 2}
        assert it.value("SELECT count(*) FROM gatepost_audit WHERE event = 'email.verified'") == 1


async def test_a_sign_in_under_way_does_not_outlive_a_reset(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(database_url) as it:
        await it.register()
        proof = await asked(it)
        hasher, reached, released = it.core.passwords.hasher, asyncio.Event(), asyncio.Event()

        async def hold(_: object) -> None:
            reached.set()
            await released.wait()

        monkeypatch.setattr(hasher, "verify", around(hasher.verify, after=hold))
        under_way = asyncio.create_task(it.login())
        await reached.wait()
        assert await reset(it, 1, token=proof) == 204
        released.set()
        assert (await under_way).status_code == 401
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 0


async def test_a_link_of_two_that_were_asked_for_at_once_is_the_only_good_one(database_url: str) -> None:
    async with running(database_url, email_verification="off") as it:
        await it.register()
        body = {"email": EMAIL}
        await asyncio.gather(*(it.client.post("/auth/password/forgot", json=body) for _ in range(10)))
        found = [mail.body.split("#token=")[1].split()[0] for mail in await delivered(it)]
        answers = [await reset(it, number, token=proof) for number, proof in enumerate(dict.fromkeys(found))]
        assert answers.count(204) == 1
