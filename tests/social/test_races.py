"""What is used up once is used up once, by whoever is first, on every database and with storage that dawdles."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from gatepost.storage.unit_of_work import UnitOfWork
from tests.harness import Running, around, query
from tests.social.upstream import Upstream
from tests.social.visit import App, house, path_of, sent, who

pytestmark = pytest.mark.anyio
MANY = 30


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


async def test_of_many_callbacks_of_one_answer_one_signs_in(
    database_url: str, upstream: Upstream, slow_storage: Callable[[Running], None]
) -> None:
    async with house(database_url, upstream) as it:
        answer = path_of(await upstream.answer(await sent(it.client)))
        cookies = dict(it.client.cookies)
        slow_storage(it)

        async def call() -> int:
            async with it.browser() as browser:
                browser.cookies.update(cookies)
                return (await browser.get(answer)).status_code

        answers = await asyncio.gather(*(call() for _ in range(MANY)))
        assert Counter(answers) == {303: 1, 400: MANY - 1}
        assert upstream.count("/token") == 1
        assert it.value("SELECT count(*) FROM gatepost_session") == 1


async def test_of_many_redemptions_of_one_code_one_succeeds_and_what_it_opened_ends(
    database_url: str, upstream: Upstream, slow_storage: Callable[[Running], None]
) -> None:
    async with house(database_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        slow_storage(it)
        answers = await asyncio.gather(*(app.redeem(code) for _ in range(MANY)))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 400: MANY - 1}
        assert it.value("SELECT count(*) FROM gatepost_session") == 1
        tokens = next(answer.json() for answer in answers if answer.status_code == 200)
        assert (await it.principal(tokens["access_token"])).status_code == 401


async def test_a_wrong_verifier_that_races_a_right_one_leaves_no_session(
    database_url: str, upstream: Upstream, slow_storage: Callable[[Running], None]
) -> None:
    async with house(database_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        slow_storage(it)
        right = [app.redeem(code)]
        wrong = [app.redeem(code, code_verifier="v" * 43) for _ in range(5)]
        answers = await asyncio.gather(*wrong, *right)
        assert Counter(answer.status_code for answer in answers)[200] <= 1
        assert it.value("SELECT count(*) FROM gatepost_session WHERE revoked_at IS NULL") == 0


async def test_of_many_callbacks_of_one_new_account_one_makes_the_user_and_all_sign_in(
    database_url: str, upstream: Upstream, slow_storage: Callable[[Running], None]
) -> None:
    async with house(database_url, upstream) as it:
        browsers = [it.browser() for _ in range(6)]
        answers = [path_of(await upstream.answer(await sent(browser))) for browser in browsers]
        slow_storage(it)
        calls = (browser.get(answer) for browser, answer in zip(browsers, answers, strict=True))
        assert {response.status_code for response in await asyncio.gather(*calls)} == {303}
        assert it.value("SELECT count(*) FROM gatepost_user") == 1
        assert len({(await who(browser) or {})["id"] for browser in browsers}) == 1
        for browser in browsers:
            await browser.aclose()


async def test_a_sign_out_everywhere_between_callback_and_code_wins(
    database_url: str, upstream: Upstream, slow_storage: Callable[[Running], None]
) -> None:
    async with house(database_url, upstream) as it:
        app = App(it)
        code = await app.code(upstream)
        slow_storage(it)
        query(database_url, "UPDATE gatepost_user SET epoch = epoch + 1")
        answers = await asyncio.gather(*(app.redeem(code) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {400}
