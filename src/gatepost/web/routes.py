"""The route class of our own routes: what comes in is bounded, what goes wrong has one shape, nothing is cached.

No middleware and no handler on the host's application: a host's own routes keep the host's own errors.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from gatepost.kernel.errors import AuthError
from gatepost.web.api_keys import close_to_api_keys
from gatepost.web.cookies import read_cookie
from gatepost.web.csrf import is_unsafe, refuse_cross_site
from gatepost.web.errors import GuardError, error_responses, invalid_payload, oauth_error, problem, problem_of
from gatepost.web.host import Host

MAX_BODY_BYTES = 65_536
OAUTH_MARK = "__gatepost_oauth__"
COOKIE_MARK = "__gatepost_sets_cookie__"
ANYWHERE_MARK = "__gatepost_from_anywhere__"
F = TypeVar("F")


def oauth_endpoint(endpoint: F) -> F:
    """Mark an endpoint whose errors are RFC 6749 JSON."""
    setattr(endpoint, OAUTH_MARK, True)
    return endpoint


def sets_cookie(endpoint: F) -> F:
    """Mark an endpoint that sets a cookie of ours, so that no foreign page may call it."""
    setattr(endpoint, COOKIE_MARK, True)
    return endpoint


def from_anywhere(endpoint: F) -> F:
    """Mark an endpoint that pages of others post to: it reads no cookie and sets none, whatever the browser sends."""
    setattr(endpoint, ANYWHERE_MARK, True)
    return endpoint


class BodyTooLarge(AuthError):
    """More than any of our requests needs."""

    code = "request.too_large"
    status = 413
    public = "The request is too large."


class Malformed(AuthError):
    """A body that cannot be read at all: not UTF-8, nested without end, cut off."""

    code = "request.malformed"
    public = "The request cannot be read."


def route_class(host: Host) -> type[APIRoute]:
    """Return the route class for the routes of one Gatepost."""

    class GatepostRoute(APIRoute):
        """A route of ours."""

        def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - FastAPI's
            declared = error_responses(is_oauth=getattr(endpoint, OAUTH_MARK, False))
            options["responses"] = {**declared, **(options.get("responses") or {})}
            close_to_api_keys(endpoint)
            super().__init__(path, endpoint, **options)

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            inner = super().get_route_handler()
            answer = oauth_error if getattr(self.endpoint, OAUTH_MARK, False) else problem_of
            writes_cookie = getattr(self.endpoint, COOKIE_MARK, False)
            is_for_others = getattr(self.endpoint, ANYWHERE_MARK, False)

            async def handle(request: Request) -> Response:
                try:
                    if is_unsafe(request) and not is_for_others and (writes_cookie or _carries_cookie(request, host)):
                        refuse_cross_site(request, host.web)
                    response = await inner(Request(request.scope, _bounded(request)))
                except GuardError as error:
                    headers = {"Cache-Control": "no-store", **(error.headers or {})}
                    return problem(error.status_code, error.code, str(error.detail), headers)
                except AuthError as error:
                    return answer(error)
                except RequestValidationError as error:
                    return invalid_payload(error)
                except HTTPException as error:  # what FastAPI makes of a body that it could not read
                    return answer(BodyTooLarge() if error.status_code == BodyTooLarge.status else Malformed())
                response.headers.setdefault("Cache-Control", "no-store")
                return response

            return handle

    return GatepostRoute


def _carries_cookie(request: Request, host: Host) -> bool:
    names = (host.web.session_cookie, host.web.refresh_cookie)
    return any(read_cookie(request, name) is not None for name in names)


def _bounded(request: Request) -> Receive:
    """Return a `receive` that refuses a body over the limit, announced or not."""
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced[:20]) > MAX_BODY_BYTES:
        raise BodyTooLarge
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY_BYTES:
            raise HTTPException(BodyTooLarge.status, BodyTooLarge.public)
        return message

    return receive
