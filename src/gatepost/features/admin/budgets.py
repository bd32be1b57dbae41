"""Budgets of a user, of an identifier that nobody has, and of a source: what is spent and locked, and all of it back.

An identifier and an address are personal, so they stand in a body and not in a URL, which proxies log.
"""

import uuid
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gatepost.core.budgets import Spender
from gatepost.core.throttle import Level
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, reader, writer
from gatepost.features.admin.shapes import Body, Text
from gatepost.kernel.errors import InvalidInput
from gatepost.web.routes import route_class


class Whose(Body):
    """One of the two: an e-mail address or username, or an IP address."""

    identifier: Text | None = None
    address: Annotated[str, Field(max_length=64)] | None = None


class BudgetView(BaseModel):
    """A budget of which something is spent.

    `limit` attempts fill up again over `seconds`; `retry_after` is the seconds until there is one again, 0 where there
    is; `is_locked` where failures have locked it.
    """

    budget: str
    limit: int
    seconds: float
    spent: int
    retry_after: int
    is_locked: bool

    @classmethod
    def of(cls, level: Level) -> "BudgetView":
        """Return the view of a level."""
        budget = level.budget
        return cls(
            budget=budget.name,
            limit=budget.limit,
            seconds=budget.period,
            spent=level.spent,
            retry_after=level.retry_after,
            is_locked=level.is_locked,
        )


class BudgetList(BaseModel):
    """What is spent; what is not named is whole."""

    items: list[BudgetView]


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin", route_class=route_class(host), tags=["admin: budgets"])
    may_read, may_write = reader(host), writer(host)

    @routes.get("/users/{user_id}/budgets", dependencies=[may_read])
    async def read_budgets(user_id: uuid.UUID) -> BudgetList:
        """What a user has spent, or others have at them."""
        return await _listed(host, host.core.budgets.of_user(await known(host, user_id)))

    @routes.delete("/users/{user_id}/budgets", status_code=204, dependencies=[may_write])
    async def give_back_attempts(user_id: uuid.UUID, request: Request) -> Response:
        """Give a user every budget back, from wherever it was spent: whom failed sign-ins keep out is in again."""
        budgets = host.core.budgets
        await budgets.clear(budgets.of_user(await known(host, user_id)), origin=origin(host, request))
        return Response(status_code=204)

    @routes.post("/budgets", dependencies=[may_write])
    async def show(whose: Whose) -> BudgetList:
        """What an identifier, whether anybody has it or not, or a source has spent."""
        return await _listed(host, await _spender(host, whose))

    @routes.post("/budgets/clear", status_code=204, dependencies=[may_write])
    async def clear(whose: Whose, request: Request) -> Response:
        """Give an identifier, whether anybody has it or not, or a source every budget back."""
        await host.core.budgets.clear(await _spender(host, whose), origin=origin(host, request))
        return Response(status_code=204)

    return routes


async def _listed(host: FeatureHost, spender: Spender) -> BudgetList:
    return BudgetList(items=[BudgetView.of(level) for level in await host.core.budgets.levels(spender)])


async def _spender(host: FeatureHost, whose: Whose) -> Spender:
    budgets = host.core.budgets
    if whose.identifier is not None and whose.address is None:
        return await budgets.of_identifier(whose.identifier)
    if whose.address is not None and whose.identifier is None:
        return budgets.of_address(whose.address)
    field = "identifier"
    raise InvalidInput(field, "give it or an address, one of the two")
