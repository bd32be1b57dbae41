"""What a host application adds to its users' tokens, by `@gate.claims`."""

import inspect
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from gatepost.core.sessions.tokens import RESERVED
from gatepost.core.users.domain import User
from gatepost.core.users.flow import Users

ClaimsFunction = Callable[[User[Any]], dict[str, Any] | Awaitable[dict[str, Any]]]


class HostClaims:
    """The functions that a host registered; without any, no token costs a read of the user."""

    def __init__(self, users: Users[Any]) -> None:
        self._users = users
        self._functions: list[ClaimsFunction] = []

    def add(self, function: ClaimsFunction) -> None:
        """Register a function from a user to claims."""
        self._functions.append(function)

    async def of(self, user_id: uuid.UUID) -> dict[str, Any]:
        """Return what the host says of a user.

        Raises:
            ValueError: a function returned a claim that is ours.
        """
        if not self._functions:
            return {}
        user = await self._users.get(user_id)
        claims: dict[str, Any] = {}
        if user is not None:
            for function in self._functions:
                result = function(user)
                claims.update(await result if inspect.isawaitable(result) else result)
        if taken := RESERVED & claims.keys():
            msg = f"@gate.claims returned reserved claims: {', '.join(sorted(taken))}"
            raise ValueError(msg)
        return claims
