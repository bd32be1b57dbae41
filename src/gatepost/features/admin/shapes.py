"""What goes over the wire: bodies refuse what they do not know, so that nobody is given more than was meant."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.users.domain import User
from gatepost.core.users.search import Standing
from gatepost.web.views import UserView

Text = Annotated[str, Field(max_length=320)]


class Body(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid")


class NewAccount(Body):
    """A user to be made; without a password one is invited, who chooses it."""

    email: Text | None = None
    username: Text | None = None
    password: Annotated[SecretStr, Field(max_length=4096)] | None = None
    full_name: Text | None = None
    email_verified: bool = False
    roles: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] = []


class UserChanges(Body):
    """What an administrator may write about a user; what is not sent stays."""

    email_verified: bool


class Reason(Body):
    """Why an administrator acts as a user; it stands in the trail."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class AdminUserView(UserView):
    """What an administrator sees of a user in a list."""

    is_disabled: bool

    @classmethod
    def of(cls, user: User[Any]) -> "AdminUserView":
        """Return the view of a user."""
        return cls(**UserView.of(user).model_dump(), is_disabled=user.is_disabled)


class UserPage(BaseModel):
    """Some users, oldest first; `next` is the cursor of the following page."""

    items: list[AdminUserView]
    next: str | None


class UserDetail(AdminUserView):
    """What an administrator sees of one user; `sessions` is how many are open."""

    has_password: bool
    must_change_password: bool
    sessions: int
    last_sign_in: datetime | None

    @classmethod
    def about(cls, user: User[Any], standing: Standing) -> "UserDetail":
        """Return the view of a user with how they stand."""
        last = standing.last_sign_in
        return cls(
            **AdminUserView.of(user).model_dump(),
            has_password=standing.has_password,
            must_change_password=standing.must_change_password,
            sessions=standing.sessions,
            last_sign_in=datetime.fromtimestamp(last // 1000, UTC) if last is not None else None,
        )


class Impersonated(BaseModel):
    """An access token for a user; there is no refresh token, and `expires_in` seconds are all there is."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int
