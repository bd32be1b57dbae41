"""`POST /password/forgot` asks for the mail and always answers alike; `POST /password/reset` sets the password."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from gatepost.core.proofs import ProofKind
from gatepost.core.proofs.evidence import refusals_recorded
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.password_reset.flow import forget, reset
from gatepost.kernel.text import normalize_email
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.proofs import ByCode, ByToken, ToAddress, address_of, presented
from gatepost.web.routes import route_class

_Secret = Annotated[SecretStr, Field(max_length=4096)]


class ResetByToken(ByToken):
    """What the link carried, and the password that shall be."""

    new_password: _Secret


class ResetByCode(ByCode):
    """The code, where it was sent, and the password that shall be."""

    new_password: _Secret


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["recovery"])

    @routes.post("/password/forgot", status_code=202)
    @public
    async def forgot(to: ToAddress, request: Request) -> Response:
        """Mail a link or a code that sets a new password, if the address is a user's. The answer does not say."""
        origin, address = origin_of(request, host.web.trusted_proxies), normalize_email(to.email)
        await host.core.attempts.spend(Action.PASSWORD_RESET, origin, subject=address)
        await forget(host.core, address, origin)
        return Response(status_code=202)

    @routes.post("/password/reset", status_code=204)
    @public
    async def reset_by_proof(given: ResetByToken | ResetByCode, request: Request) -> Response:
        """Set a new password. Every session ends and none is opened: sign in next."""
        core, new = host.core, given.new_password.get_secret_value()
        origin, address = origin_of(request, host.web.trusted_proxies), address_of(given)
        await core.attempts.spend(Action.PROOF, origin, subject=address)
        # Before the proof is looked at: a password that nobody may choose costs no attempt at a code.
        password = await core.password_policy.accept(new, field="new_password", words=(address,))
        async with refusals_recorded(core.database, ProofKind.RESET_PASSWORD, origin):
            await reset(core, await presented(core, ProofKind.RESET_PASSWORD, given), password, origin=origin)
        return Response(status_code=204)

    return routes
