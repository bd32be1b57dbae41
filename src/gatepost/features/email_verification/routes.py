"""`POST /email/verify` uses a proof up; `POST /email/verify/send` asks for a new one, and always answers alike."""

from fastapi import APIRouter, Request, Response

from gatepost.core.proofs import ProofKind
from gatepost.core.proofs.evidence import refusals_recorded
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.email_verification.flow import send, verify
from gatepost.kernel.text import normalize_email
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.proofs import ByCode, ByToken, ToAddress, address_of, presented
from gatepost.web.routes import route_class


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["verification"])

    @routes.post("/email/verify", status_code=204)
    @public
    async def verify_email(given: ByToken | ByCode, request: Request) -> Response:
        """Verify an address by the token or the code that was mailed to it."""
        origin = origin_of(request, host.web.trusted_proxies)
        await host.core.attempts.spend(Action.PROOF, origin, subject=address_of(given))
        async with refusals_recorded(host.core.database, ProofKind.VERIFY_EMAIL, origin):
            await verify(host.core, await presented(host.core, ProofKind.VERIFY_EMAIL, given), origin)
        return Response(status_code=204)

    @routes.post("/email/verify/send", status_code=202)
    @public
    async def send_again(to: ToAddress, request: Request) -> Response:
        """Mail a new proof, if the address is a user's and not verified. The answer does not say."""
        origin, address = origin_of(request, host.web.trusted_proxies), normalize_email(to.email)
        await host.core.attempts.spend(Action.EMAIL_VERIFICATION, origin, subject=address)
        await send(host.core, address)
        return Response(status_code=202)

    return routes
