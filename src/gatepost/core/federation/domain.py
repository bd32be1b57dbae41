"""One authorization request: what is asked, what is known of it at its return, and what a code for an application is.

No I/O. Nothing here is a secret but what `AuthorizationValues` computes.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gatepost.crypto import base64url
from gatepost.kernel.tokens import AuthorizationValues

REQUEST_MS = 600_000  # people look for their second factor
CODE_MS = 60_000  # RFC 6749, section 4.1.2: ten minutes at most; an application needs a second
KEPT_MS = 3_600_000  # so that a code that is presented again is known
COOKIE_SECONDS = REQUEST_MS // 1000
_STATE_PREFIX = 4
_COOKIE_SUFFIX = 12
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # RFC 7636, section 4.2: SHA-256 in base64url
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # section 4.1


class RequestKind(StrEnum):
    """What a return is to end with."""

    SESSION = "session"
    APP = "app"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for who is sent to a provider.

    Attributes:
        provider: its name in the settings.
        return_to: where a browser goes on, checked.
        error_to: where it goes on after a refusal, checked.
        redirect_uri: of an application, checked, with its own `client_state`, `code_challenge` and `scope`.
        prompt: what the provider is asked to show (OpenID Connect Core 1.0, section 3.1.2.1).
        max_age: how many seconds the sign-in there may be old.
        user_id: who links, and in which session.
    """

    provider: str
    kind: RequestKind
    return_to: str | None = None
    error_to: str | None = None
    redirect_uri: str | None = None
    client_state: str | None = None
    code_challenge: str | None = None
    scope: str | None = None
    prompt: str | None = None
    max_age: int | None = None
    user_id: uuid.UUID | None = None
    session_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request that has begun.

    Attributes:
        location: where the browser goes.
        cookie: what the name of its cookie ends with: each request has one, so that two tabs do not disturb each other.
        browser: what that cookie holds.
    """

    location: str
    cookie: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A request whose answer has come; `values` are computed, the rest is its row's."""

    values: AuthorizationValues
    provider: str
    kind: RequestKind
    return_to: str | None
    error_to: str | None
    redirect_uri: str | None
    client_state: str | None
    max_age: int | None
    user_id: uuid.UUID | None
    session_id: uuid.UUID | None
    parked: bytes | None
    asked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider answered with, by way of the browser (RFC 6749, section 4.1.2; RFC 9207).

    Attributes:
        was_posted: it came as a form (OAuth 2.0 Form Post Response Mode).
        posted: the whole form; nobody has signed it.
    """

    code: str | None = field(default=None, repr=False)
    error: str | None = None
    iss: str | None = None
    was_posted: bool = False
    posted: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, parameters: Mapping[str, str], *, was_posted: bool) -> "Answer":
        """Return what stands in the parameters."""
        return cls(
            code=parameters.get("code"),
            error=parameters.get("error"),
            iss=parameters.get("iss"),
            was_posted=was_posted,
            posted=parameters if was_posted else {},
        )


def cookie_of(state: str) -> str:
    """Return what the name of a request's cookie ends with."""
    return state[_STATE_PREFIX : _STATE_PREFIX + _COOKIE_SUFFIX]


def challenge_of(code_verifier: str) -> str:
    """Return the S256 challenge (RFC 7636, section 4.2)."""
    return base64url.encode(hashlib.sha256(code_verifier.encode("ascii")).digest())


def is_challenge(text: str) -> bool:
    """Whether this can be an S256 challenge."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Whether this can be a code verifier."""
    return _VERIFIER.fullmatch(text) is not None
