"""`docs/abuse.md` lists every budget once, with the default that the code has, and no other."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from gatepost import Settings
from gatepost.core.throttle.actions import DEFAULTS, NAMES, Action

PAGE = (Path(__file__).parents[2] / "docs" / "abuse.md").read_text()
ROWS = re.findall(r"^\| `(\w+\.\w+)` \| `([0-9/]+)` \| [^|]*\|$", PAGE, re.MULTILINE)


def test_the_page_and_the_code_have_the_same_budgets() -> None:
    assert dict(ROWS) == DEFAULTS
    assert len(ROWS) == len(DEFAULTS)


def test_every_action_counts_its_source() -> None:
    assert {f"{action}.address" for action in Action} <= set(DEFAULTS)
    assert set(DEFAULTS) <= NAMES


@pytest.mark.parametrize("name", ["sign_up", "sign_up.addres", "", "*", "nothing.subject", "mail.address"])
def test_a_budget_that_nothing_takes_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="no such budget"):
        Settings(_env_file=None, budgets={name: "1/1"})


@pytest.mark.parametrize("text", ["0/1", "1/0", "1", "-1/1", "1/1/1", "1/x", ""])
def test_a_budget_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="budgets"):
        Settings(_env_file=None, budgets={"sign_up.address": text})


def test_one_budget_is_changed_and_the_others_stay() -> None:
    found = Settings(_env_file=None, budgets={"sign_up.subject": "7/70"}, signup_budget_address="3/30")
    budgets = found.action_budgets()
    assert (budgets["sign_up.subject"].limit, budgets["sign_up.subject"].period) == (7, 70)
    assert (budgets["sign_up.address"].limit, budgets["sign_up.address"].period) == (3, 30)
    assert set(budgets) == set(DEFAULTS)


def test_the_new_name_of_an_option_wins_over_the_old_one() -> None:
    found = Settings(_env_file=None, budgets={"sign_up.address": "4/40"}, signup_budget_address="3/30")
    assert found.action_budgets()["sign_up.address"].limit == 4
