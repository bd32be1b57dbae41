"""`core.attempts`: every budget of an action is taken before its work, whoever is named."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gatepost.core.audit import Origin
from gatepost.core.throttle.actions import DEFAULTS
from gatepost.core.throttle.attempts import Action
from gatepost.kernel.errors import ThrottleSpent
from tests.harness import WIDE, Running, running

pytestmark = pytest.mark.anyio
ADA, BOB = "ada@example.com", "bob@example.com"
RESET = Action.PASSWORD_RESET


def only(**narrow: str) -> dict[str, Any]:
    """Return settings in which all budgets but these are wide; `__` stands for the dot."""
    return {"budgets": {**dict.fromkeys(DEFAULTS, WIDE), **{n.replace("__", "."): text for n, text in narrow.items()}}}


def at(number: int) -> Origin:
    return Origin(ip=f"198.51.100.{number}")


async def spent(it: Running, origin: Origin, subject: str | None = ADA, action: Action = RESET) -> str | None:
    """Spend once and return the budget that refused."""
    try:
        await it.core.attempts.spend(action, origin, subject=subject)
    except ThrottleSpent as refusal:
        return refusal.detail
    return None


@pytest.fixture
async def it(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    async with running(database_url, **request.param) as found:
        yield found


@pytest.mark.parametrize("it", [only(password_reset__address="2/3600")], indirect=True)
async def test_a_source_has_one_budget_for_all_subjects(it: Running) -> None:
    assert [await spent(it, at(1), f"{n}@example.com") for n in range(3)] == [None, None, "password_reset.address"]
    assert await spent(it, at(2)) is None
    v6 = [Origin(ip=f"2001:db8:0:1::{n}") for n in range(3)]
    assert [await spent(it, origin) for origin in v6] == [None, None, "password_reset.address"]


@pytest.mark.parametrize("it", [only(password_reset__pair="2/3600")], indirect=True)
async def test_a_source_has_a_budget_for_each_subject(it: Running) -> None:
    assert [await spent(it, at(1)) for _ in range(3)] == [None, None, "password_reset.pair"]
    assert await spent(it, at(1), BOB) is None
    assert await spent(it, at(2)) is None
    assert await spent(it, at(1), None) is None


@pytest.mark.parametrize("it", [only(password_reset__subject="2/3600")], indirect=True)
async def test_a_subject_has_one_budget_for_all_sources(it: Running) -> None:
    assert [await spent(it, at(n)) for n in range(3)] == [None, None, "password_reset.subject"]
    assert await spent(it, at(9), BOB) is None
    assert await spent(it, at(9), action=Action.SIGN_IN_MAIL) is None
    await it.core.attempts.clear(RESET, subject=ADA)
    assert await spent(it, at(3)) is None


@pytest.mark.parametrize("it", [only(password_reset__everyone="2/3600")], indirect=True)
async def test_everyone_together_has_one_budget(it: Running) -> None:
    found = [await spent(it, at(n), f"{n}@example.com") for n in range(3)]
    assert found == [None, None, "password_reset.everyone"]


@pytest.mark.parametrize("it", [only(mail__subject="3/3600")], indirect=True)
async def test_one_recipient_has_one_budget_for_mails_of_all_kinds_but_resets(it: Running) -> None:
    kinds = [Action.SIGN_IN_MAIL, Action.EMAIL_VERIFICATION, Action.SIGN_UP, Action.INVITATION, Action.EMAIL_CHANGE]
    found = [await spent(it, at(n), action=kind) for n, kind in enumerate(kinds)]
    assert found == [None] * 3 + ["mail.subject"] * 2
    assert await spent(it, at(1)) is None, "the last way in has a budget of its own"
    assert await spent(it, at(1), action=Action.PROOF) is None, "using a link is no mail"
    assert await spent(it, at(1), BOB) is None


@pytest.mark.parametrize("it", [only(password_reset__subject="5/3600")], indirect=True)
async def test_of_200_at_once_exactly_the_budget_passes(it: Running) -> None:
    found = Counter(await asyncio.gather(*(spent(it, at(n)) for n in range(200))))
    assert found == {None: 5, "password_reset.subject": 195}


@pytest.mark.parametrize("it", [only(sign_out__address="2/3600")], indirect=True)
async def test_what_only_costs_is_counted_without_a_store(it: Running) -> None:
    before = it.value("SELECT count(*) FROM gatepost_throttle")
    found = [await spent(it, at(1), None, Action.SIGN_OUT) for _ in range(3)]
    assert found == [None, None, "sign_out.address"]
    assert it.value("SELECT count(*) FROM gatepost_throttle") == before


@pytest.mark.parametrize("it", [only(password_reset__subject="1/3600")], indirect=True)
async def test_what_is_given_back_was_nobody_s_attempt(it: Running) -> None:
    taken = await it.core.attempts.spend(RESET, at(1), subject=ADA)
    await taken.give_back()
    assert [await spent(it, at(1)) for _ in range(2)] == [None, "password_reset.subject"]


@pytest.mark.parametrize("it", [only(password_reset__subject="1/3600")], indirect=True)
async def test_a_spent_budget_leaves_one_row_a_minute_and_names_nobody(it: Running) -> None:
    for _ in range(5):
        await spent(it, at(1))
    rows = it.rows("SELECT detail, ip FROM gatepost_audit WHERE event = 'throttle.spent'")
    assert rows == [('{"budget": "password_reset.subject"}', "198.51.100.1")]
    keys = it.rows("SELECT key FROM gatepost_throttle")
    assert keys
    assert "example" not in str(keys)
    assert "198.51" not in str(keys)
