"""`POST /login/email/send` mails a link or a code, `POST /login/email` signs in with it."""

import contextlib
import uuid
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gatepost.core.login import MailSignInPolicy
from gatepost.core.login.flow import Wanted
from gatepost.core.proofs import ProofPolicy
from gatepost.core.sessions.domain import FIRST_PARTY, SessionKind
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.email_sign_in.flow import Answer, send, sign_in
from gatepost.kernel.errors import NotAuthenticated, NotFound
from gatepost.kernel.text import normalize_email
from gatepost.kernel.tokens import mint_flow, read_flow
from gatepost.web.cookies import clear_cookie, read_cookie, set_cookie
from gatepost.web.devices import device_of_browser
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.proofs import ByCode, ByToken, ToAddress, address_of, plain
from gatepost.web.routes import route_class, sets_cookie
from gatepost.web.signing_in import enter, wanted_by_browser
from gatepost.web.views import TokenView, UserView


class _Client(BaseModel):
    """What a client asks for, and, where it has no cookies, the flow that it was given."""

    flow: Annotated[str | None, Field(max_length=200)] = None
    response: Literal["cookie", "tokens"] = "cookie"


class SignInByToken(ByToken, _Client):
    """What the link carried."""


class SignInByCode(ByCode, _Client):
    """The code, and where it was sent."""


class Sent(BaseModel):
    """Somebody has asked; whether anybody is mailed it does not say."""

    flow: str


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["sign-in"])

    @routes.post("/login/email/send", status_code=202)
    @public
    @sets_cookie
    async def send_mail(to: ToAddress, request: Request, response: Response) -> Sent:
        """Mail a link or a code that signs in, if the address is a user's. The answer does not say."""
        _require_offer(host)
        core, web = host.core, host.web
        origin, address = origin_of(request, web.trusted_proxies), normalize_email(to.email)
        await core.attempts.spend(Action.SIGN_IN_MAIL, origin, subject=address)
        flow = mint_flow(core.keys, await send(core, address))
        set_cookie(response, web.flow_cookie, flow, max_age=host.policy(ProofPolicy).code, is_secure=web.is_secure)
        return Sent(flow=flow)

    @routes.post("/login/email")
    @public
    @sets_cookie
    async def sign_in_by_mail(
        given: SignInByToken | SignInByCode, request: Request, response: Response
    ) -> UserView | TokenView:
        """Sign in with what was mailed, in the browser (or with the `flow`) that asked for it."""
        _require_offer(host)
        core, web = host.core, host.web
        before = read_cookie(request, web.session_cookie)
        wanted = _wanted(host, request, given)
        await core.attempts.spend(Action.PROOF, wanted.origin, subject=address_of(given))
        opened = await sign_in(core, _answer(given), _flow_of(host, request, given), wanted)
        if given.response == "tokens":
            return TokenView.of(await core.sessions.tokens(opened))
        clear_cookie(response, web.flow_cookie, is_secure=web.is_secure)
        return await enter(host, response, opened, wanted, before=before)

    return routes


def _require_offer(host: FeatureHost) -> None:
    if not host.policy(MailSignInPolicy).is_offered:
        raise NotFound


def _wanted(host: FeatureHost, request: Request, given: _Client) -> Wanted:
    wanted = wanted_by_browser(host, request)
    if given.response == "cookie":
        return wanted
    device = device_of_browser(request, host, is_given=False)
    return replace(wanted, kind=SessionKind.TOKEN, client_id=FIRST_PARTY, device=device)


def _answer(given: SignInByToken | SignInByCode) -> Answer:
    if isinstance(given, ByToken):
        return Answer(token=given.token)
    return Answer(email=normalize_email(given.email), code=plain(given.code))


def _flow_of(host: FeatureHost, request: Request, given: _Client) -> uuid.UUID | None:
    """Return the flow of the client that asks.

    A cookie is only set in the browser that holds the flow in its own cookie: a page that could be talked into
    passing on a `flow` from a link would sign its visitor in to the account of whoever made the link.
    """
    keys, text = host.core.keys, None
    with contextlib.suppress(NotAuthenticated):
        text = read_cookie(request, host.web.flow_cookie)
    if text is None and given.response == "tokens":
        text = given.flow
    return read_flow(keys, text) if text is not None else None
