"""Which of our own routes a program may call with an API key: none but those that say so.

A key acts for a user at the host's routes. At ours it could make itself more: mint keys, end sessions, change what the
account hangs on. So `route_class` closes every route of ours to keys, those of later features too, and
`@takes_api_keys` opens one.
"""

from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from gatepost.web.requirements import Forbidden

_OPEN, _CLOSED = "__gatepost_takes_api_keys__", "__gatepost_closed_to_api_keys__"
F = TypeVar("F")


class ApiKeyNotAccepted(Forbidden):
    """The key is good, and this route is for people."""

    code = "api_key.not_accepted"
    public = "An API key cannot be used here."


def takes_api_keys(endpoint: F) -> F:
    """Mark a route of ours that a program may call."""
    setattr(endpoint, _OPEN, True)
    return endpoint


def close_to_api_keys(endpoint: Any) -> None:  # noqa: ANN401 - a function
    """Close a route of ours to keys, unless it is marked."""
    if not getattr(endpoint, _OPEN, False):
        setattr(endpoint, _CLOSED, True)


def refuse_api_key(connection: HTTPConnection) -> None:
    """Refuse a caller who came with a key, where the route is one of ours and not open to keys.

    Raises:
        ApiKeyNotAccepted: it is not.
    """
    if getattr(connection.scope.get("endpoint"), _CLOSED, False):
        raise ApiKeyNotAccepted
