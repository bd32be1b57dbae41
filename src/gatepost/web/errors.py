"""Errors on the wire: problem JSON (RFC 9457) for our routes, RFC 6749 JSON for OAuth endpoints.

On a host's own routes the guard raises `HTTPException`, so that the envelope stays the host's.
"""

from typing import Any

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError, WebSocketException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from gatepost.kernel.errors import (
    AuthError,
    EmailNotVerified,
    FactorRequired,
    InvalidInput,
    NotAuthenticated,
    OAuthError,
    PasswordChangeRequired,
    ThrottleSpent,
)

WS_POLICY_VIOLATION = 1008
NO_STORE = {"Cache-Control": "no-store"}
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    503: "Service Unavailable",
}
_TEMPORARY = frozenset({429, 503})


class GuardError(HTTPException):
    """What the guard raises: an `HTTPException` for the host, with our stable code for our own routes."""

    def __init__(self, status: int, detail: str, code: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.code = code


def headers_of(error: AuthError) -> dict[str, str]:
    """Return the headers that go with a refusal."""
    headers = {**NO_STORE, **_waiting(error)}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:  # noqa: ANN401 - extension members
    """Return problem JSON; `type` is a relative reference that the documentation resolves."""
    content = {
        "type": f"/problems/{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def problem_of(error: AuthError) -> Response:
    """Return a refusal as problem JSON; its private detail stays private."""
    more: dict[str, Any] = {}
    if isinstance(error, FactorRequired):
        more["remaining"] = list(error.remaining)
    elif isinstance(error, InvalidInput):
        more["errors"] = [{"loc": ["body", *error.field.split(".")], "msg": error.reason, "type": error.code}]
    return problem(error.status, error.code, error.text, headers_of(error), **more)


def oauth_error(error: AuthError) -> Response:
    """Return a refusal as the token endpoint's JSON (RFC 6749, section 5.2)."""
    if isinstance(error, OAuthError):
        headers = dict(NO_STORE)
        if error.error == "invalid_client":
            headers["WWW-Authenticate"] = "Basic"
        content = {"error": error.error, "error_description": error.description}
        return JSONResponse(content, error.oauth_status, headers)
    if isinstance(error, FactorRequired):
        content = {"error": "mfa_required", "error_description": error.text}
        return JSONResponse(content, 400, NO_STORE)
    if isinstance(error, EmailNotVerified):  # the grant is good only once its owner has done something
        return JSONResponse({"error": "invalid_grant", "error_description": error.text}, 400, NO_STORE)
    if isinstance(error, PasswordChangeRequired):  # RFC 6749, section 5.2: this grant is not valid (any more)
        content = {"error": "invalid_grant", "error_description": error.text, "code": error.code}
        return JSONResponse(content, 400, NO_STORE)
    if error.status in _TEMPORARY:
        content = {"error": "temporarily_unavailable", "error_description": error.text, "code": error.code}
        return JSONResponse(content, error.status, headers_of(error))
    name = "invalid_grant" if error.status == NotAuthenticated.status else "invalid_request"
    status = 403 if error.status == 403 else 400  # noqa: PLR2004 - a foreign page; RFC 6749 knows no name for that
    return JSONResponse({"error": name, "error_description": error.text}, status, headers_of(error))


def invalid_payload(error: RequestValidationError) -> Response:
    """Return what is wrong with a payload, by place and reason, never with the value that was sent."""
    found = [
        {"loc": [str(part)[:100] for part in item["loc"][:8]], "msg": item["msg"], "type": item["type"]}
        for item in error.errors()[:20]
    ]
    return problem(422, "request.invalid", "The request is not valid.", NO_STORE, errors=found)


def error_responses(*, is_oauth: bool) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of our errors."""
    names = ("error", "error_description") if is_oauth else ("type", "title", "code", "detail")
    schema: dict[str, Any] = {
        "type": "object",
        "required": list(names),
        "properties": {name: {"type": "string"} for name in names},
    }
    content = {"application/json" if is_oauth else "application/problem+json": {"schema": schema}}
    return {"4XX": {"description": "Refused", "content": content}, "503": {"description": "Busy", "content": content}}


def as_http_exception(
    connection: HTTPConnection, error: AuthError, *, was_presented: bool, metadata: str | None = None
) -> Exception:
    """Return what the guard raises for a refusal (RFC 6750, section 3 for the challenge).

    Args:
        connection: the request, or the WebSocket, which is closed before it is accepted.
        error: the refusal.
        was_presented: a bearer token came with the request, so that the challenge names what is wrong with it.
        metadata: where it is said who issues tokens for this API.
    """
    if connection.scope["type"] == "websocket":
        return WebSocketException(WS_POLICY_VIOLATION, error.text)
    headers = _waiting(error)
    if error.status == NotAuthenticated.status:
        headers["WWW-Authenticate"] = challenge('error="invalid_token"' if was_presented else None, metadata)
    return GuardError(error.status, error.text, error.code, headers or None)


def challenge(problem: str | None, metadata: str | None) -> str:
    """Return a challenge (RFC 6750, section 3) that says where tokens come from, if that is known (RFC 9728, 5.1)."""
    where = None if metadata is None else f'resource_metadata="{metadata}"'
    return f"Bearer {', '.join(part for part in (problem, where) if part)}".rstrip()


def _waiting(error: AuthError) -> dict[str, str]:
    """Return the headers that say when asking again makes sense.

    The fields of draft-ietf-httpapi-ratelimit-headers stand on refusals alone: what is left of a budget would tell a
    guesser how often others have tried. The names in them are ours, which need no escaping (RFC 9651, section 3.3.3).
    """
    if error.retry_after is None:
        return {}
    headers = {"Retry-After": str(error.retry_after)}
    if isinstance(error, ThrottleSpent):
        headers["RateLimit-Policy"] = f'"{error.budget}";q={error.limit};w={error.seconds}'
        headers["RateLimit"] = f'"{error.budget}";r=0;t={error.retry_after}'
    return headers
