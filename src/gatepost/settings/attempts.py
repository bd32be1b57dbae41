"""Attempt budgets: how often somebody may try what guesses, sends or costs."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from gatepost.core.login import LoginPolicy
from gatepost.core.throttle import Budget
from gatepost.core.throttle.actions import NAMES, budgets
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.group import BudgetText, budget
from gatepost.settings.place import PlaceSettings


class AttemptSettings(PlaceSettings):
    """Attempts."""

    login_budget_address: BudgetText = "100/900"
    login_budget_pair: BudgetText = "8/3600"
    login_budget_account: BudgetText = "40/3600"
    login_failure_floor: Annotated[float, Field(ge=0, le=5)] = 0.0
    signup_budget_address: BudgetText = "20/3600"
    budgets: dict[str, BudgetText] = Field(default={})

    @field_validator("budgets")
    @classmethod
    def _names_are_known(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(value) - NAMES):
            msg = f"no such budget: {', '.join(unknown)}; docs/abuse.md lists them"
            raise ValueError(msg)
        return value

    def action_budgets(self) -> Mapping[str, Budget]:
        """Return the budgets of everything but passwords, by name."""
        return budgets({"sign_up.address": self.signup_budget_address, **self.budgets})

    def login_policy(self) -> LoginPolicy:
        """Return the budgets of a sign-in."""
        found = self.action_budgets()
        return LoginPolicy(
            address=budget("sign_in.address", self.login_budget_address),
            pair=budget("sign_in.pair", self.login_budget_pair),
            account=budget("sign_in.account", self.login_budget_account),
            device=found["sign_in.device"],
            spread=found["sign_in.spread"],
            failures=found["sign_in.failures"],
            failure_floor=self.login_failure_floor,
        )

    def check_budgets(self) -> None:
        """Refuse budgets with which one address could keep an account spent, and its owner out, for good.

        Raises:
            ConfigurationError: it names the two settings.
        """
        pair, account = budget("pair", self.login_budget_pair), budget("account", self.login_budget_account)
        if self.is_production and 2 * pair.limit / pair.period > account.limit / account.period:
            msg = (
                "GATEPOST_LOGIN_BUDGET_PAIR fills up faster than half of GATEPOST_LOGIN_BUDGET_ACCOUNT, so that one "
                "address could lock an account for ever: lower the first or raise the second"
            )
            raise ConfigurationError(msg)
