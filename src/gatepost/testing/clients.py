"""The two kinds of test client: Starlette's, whose application runs in a thread, and httpx's asynchronous one."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from starlette.testclient import TestClient  # needs httpx, which no application needs

T = TypeVar("T")


class AsyncClient(Protocol):
    """`AsyncClient` of httpx or httpx2, by what is used of it."""

    @property
    def base_url(self) -> Any:  # noqa: ANN401 - a class of theirs
        """Where requests go."""
        ...

    @property
    def headers(self) -> Any:  # noqa: ANN401 - a class of theirs
        """What every request carries."""
        ...

    @property
    def cookies(self) -> Any:  # noqa: ANN401 - a class of theirs
        """What a browser would keep."""
        ...

    async def aclose(self) -> None:
        """Tells it from a client that is not asynchronous."""
        ...


def run_for(client: "TestClient | AsyncClient", work: Callable[[], Awaitable[T]]) -> "T | Awaitable[T]":
    """Do asynchronous work where the client's application runs: now, or when the caller awaits it.

    Raises:
        RuntimeError: the application does not run yet.
    """
    if hasattr(client, "aclose"):
        return work()
    if client.portal is None:
        msg = "the application is not started: use the client in a `with` block, `with TestClient(app) as client`"
        raise RuntimeError(msg)
    return client.portal.call(work)
