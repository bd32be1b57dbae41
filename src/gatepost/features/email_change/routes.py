"""`POST /email/change` mails a proof to the new address; `POST /email/change/confirm` uses it up."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from gatepost.core.audit import Origin
from gatepost.core.proofs import Consumed, ProofKind
from gatepost.core.proofs.evidence import refusals_recorded
from gatepost.core.throttle.attempts import Action
from gatepost.core.users.domain import User
from gatepost.feature import FeatureHost
from gatepost.features.email_change.flow import ask, confirm
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.principal import Principal
from gatepost.kernel.text import normalize_email
from gatepost.web.guard import UserGuard, authenticate, public, require
from gatepost.web.origin import origin_of
from gatepost.web.proofs import Address, ByToken, Code, plain
from gatepost.web.routes import route_class

_NEW = "new_email"


class NewAddress(BaseModel):
    """Where the account shall be."""

    model_config = ConfigDict(extra="forbid")

    new_email: Address


class ByOwnCode(BaseModel):
    """What a person who is signed in typed from the mail."""

    model_config = ConfigDict(extra="forbid")

    code: Code


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["e-mail"])
    fresh = require(fresh=True, host=host)

    @routes.post("/email/change", status_code=202)
    async def change(
        body: NewAddress,
        request: Request,
        caller: Annotated[Principal, fresh],
        user: Annotated[User[Any], Depends(UserGuard(host))],
    ) -> Response:
        """Mail a proof to a new address; needs a recent sign-in. The answer does not say whether somebody has it."""
        address = normalize_email(body.new_email, field=_NEW)
        if address == user.email:
            raise InvalidInput(_NEW, "is the address that you have")
        origin = origin_of(request, host.web.trusted_proxies)
        await host.core.attempts.spend(Action.EMAIL_CHANGE, origin, subject=address)
        await ask(host.core, caller, address, origin)
        return Response(status_code=202)

    @routes.post("/email/change/confirm", status_code=204)
    @public
    async def confirm_change(given: ByToken | ByOwnCode, request: Request) -> Response:
        """Move the account to the address whose mailbox is proved; a code needs its user to be signed in."""
        origin = origin_of(request, host.web.trusted_proxies)
        async with refusals_recorded(host.core.database, ProofKind.CHANGE_EMAIL, origin):
            await confirm(host.core, await _presented(host, given, request, origin), origin)
        return Response(status_code=204)

    return routes


async def _presented(host: FeatureHost, given: ByToken | ByOwnCode, request: Request, origin: Origin) -> Consumed:
    core, kind = host.core, ProofKind.CHANGE_EMAIL
    if isinstance(given, ByToken):
        await core.attempts.spend(Action.PROOF, origin)
        return await core.proofs.look(kind, given.token)
    user_id = (await authenticate(host, request)).user_id
    await core.attempts.spend(Action.PROOF, origin, subject=str(user_id))
    return Consumed(await core.proofs.guess(kind, user_id, plain(given.code)), user_id, None)
