"""`POST /register`. Where verification does not come before sign-in, it tells whether an identifier is taken (409)."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.throttle.attempts import Action
from gatepost.core.users.registration import IdentifierTaken
from gatepost.core.users.verification import VerificationPolicy
from gatepost.feature import FeatureHost
from gatepost.features.signup.flow import tell_owner
from gatepost.kernel.errors import Busy
from gatepost.kernel.text import normalize_email, normalize_username
from gatepost.storage.unit_of_work import nothing
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.routes import route_class
from gatepost.web.views import UserView

_Text = Annotated[str, Field(max_length=320)]


class NewAccount(BaseModel):
    """What a person types to sign up."""

    model_config = ConfigDict(extra="forbid")

    email: _Text | None = None
    username: _Text | None = None
    password: Annotated[SecretStr, Field(max_length=4096)]
    full_name: _Text | None = None


@dataclass(frozen=True, slots=True)
class _Names:
    """Who somebody wants to be, normalized."""

    email: str | None
    username: str | None

    @classmethod
    def of(cls, account: NewAccount) -> "_Names":
        email, username = account.email, account.username
        return cls(
            normalize_email(email) if email is not None else None,
            normalize_username(username) if username is not None else None,
        )


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["sign-up"])
    is_uniform = host.policy(VerificationPolicy).is_required

    @routes.post(
        "/register",
        status_code=201,
        response_model=UserView,
        responses={202: {"description": "Look at your mailbox", "content": {}}},
    )
    @public
    async def register(account: NewAccount, request: Request) -> Any:  # noqa: ANN401 - a user, or an empty answer
        """Make an account. It opens no session: sign in next.

        Where sign-in waits for the proof of an address, an account with one is always answered by an empty 202.
        """
        core, origin, names = host.core, origin_of(request, host.web.trusted_proxies), _Names.of(account)
        taken = await core.attempts.spend(Action.SIGN_UP, origin, subject=names.email or names.username)
        hidden = names.email if is_uniform else None
        if hidden is not None and names.username is not None and await core.users.find(names.username) is not None:
            raise IdentifierTaken
        try:
            user = await host.registration.register(
                email=account.email,
                username=account.username,
                password=account.password.get_secret_value(),
                full_name=account.full_name,
                origin=origin,
                otherwise=tell_owner(core, hidden, origin) if hidden is not None else nothing,
            )
        except Busy:  # nobody's attempt
            await taken.give_back()
            raise
        if hidden is not None:
            return Response(status_code=202)
        if user is None:
            raise IdentifierTaken
        return UserView.of(user)

    return routes
