"""What every group of settings shares: where they are read from, and the forms that several of them use."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from gatepost.core.throttle import Budget

Seconds = Annotated[int, Field(ge=1)]
BudgetText = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}/[1-9][0-9]{0,6}$")]


class Group(BaseSettings):
    """Some options; `Settings` is all of the groups together."""

    model_config = SettingsConfigDict(
        env_prefix="GATEPOST_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )


def budget(name: str, text: str) -> Budget:
    """Return the budget of `attempts/seconds`."""
    limit, period = text.split("/")
    return Budget(name, int(limit), float(period))
