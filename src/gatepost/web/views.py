"""A user on the wire, and cursors of lists."""

import base64
import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from gatepost.core.sessions.flow import Tokens
from gatepost.core.users.domain import User
from gatepost.kernel.errors import AuthError


class BadCursor(AuthError):
    """The cursor is not one that a list of ours gave out."""

    code = "request.bad_cursor"
    status = 400
    public = "The cursor is not valid."


class UserView(BaseModel):
    """What a user may know about themselves, and what `response_model=` takes."""

    id: uuid.UUID
    email: str | None
    email_verified: bool
    username: str | None
    full_name: str | None
    roles: list[str]
    created_at: datetime
    profile: dict[str, Any]
    locale: str | None = None

    @classmethod
    def of(cls, user: User[Any]) -> "UserView":
        """Return the view of a user."""
        return cls(
            id=user.id,
            email=user.email,
            email_verified=user.email_verified,
            username=user.username,
            full_name=user.full_name,
            roles=sorted(user.roles),
            created_at=user.created_at,
            profile=user.profile.model_dump(mode="json"),
            locale=user.locale,
        )


class TokenView(BaseModel):
    """The first tokens of a session, named as on the token endpoint (RFC 6749, section 5.1)."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str

    @classmethod
    def of(cls, tokens: Tokens) -> "TokenView":
        """Return the view of tokens."""
        return cls(
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme
            expires_in=tokens.expires_in,
            scope=tokens.scope,
        )


def cursor_after(last: uuid.UUID) -> str:
    """Return the cursor for what follows an item."""
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def read_cursor(text: str) -> uuid.UUID:
    """Return the item that a cursor stands for.

    Raises:
        BadCursor: it is not a cursor.
    """
    try:
        return uuid.UUID(bytes=base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True))
    except ValueError:
        raise BadCursor from None
