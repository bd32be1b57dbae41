"""`POST /register`. Where verification does not come before sign-in, it tells whether an identifier is taken (409)."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import AuthError, Busy
from gatepost.kernel.text import normalize_email, normalize_username
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class
from gatepost.web.views import UserView

_Text = Annotated[str, Field(max_length=320)]


class IdentifierTaken(AuthError):
    """Somebody has this e-mail address or username."""

    code = "signup.identifier_taken"
    status = 409
    public = "Somebody already has this e-mail address or username."


class NewAccount(BaseModel):
    """What a person types to sign up."""

    model_config = ConfigDict(extra="forbid")

    email: _Text | None = None
    username: _Text | None = None
    password: Annotated[SecretStr, Field(max_length=4096)]
    full_name: _Text | None = None


def _subject(account: NewAccount) -> str | None:
    if account.email is not None:
        return normalize_email(account.email)
    return normalize_username(account.username) if account.username is not None else None


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["sign-up"])

    @routes.post("/register", status_code=201)
    @public
    async def register(account: NewAccount, request: Request) -> UserView:
        """Make an account. It opens no session: sign in next."""
        core, origin = host.core, origin_of(request, host.web.trusted_proxies)
        taken = await core.attempts.spend(Action.SIGN_UP, origin, subject=_subject(account))
        try:
            user = await host.registration.register(
                email=account.email,
                username=account.username,
                password=account.password.get_secret_value(),
                full_name=account.full_name,
                origin=origin,
            )
        except Busy:  # nobody's attempt
            await taken.give_back()
            raise
        if user is None:
            raise IdentifierTaken
        return UserView.of(user)

    return routes
