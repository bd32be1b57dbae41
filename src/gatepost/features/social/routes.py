"""`GET /login/{provider}` leads to a provider, `GET|POST /callback/{provider}` back.

`code` and `state` stand in the query of the callback: no answer of it is kept by anybody, or named to the next page
(`Referrer-Policy`). What goes wrong before the request is known is answered here; afterwards it is told to whoever
began, at the place that was checked then.
"""

import contextlib
import uuid
from collections.abc import Awaitable
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from gatepost.core.audit import Origin
from gatepost.core.federation.domain import Asked, Pending, RequestKind
from gatepost.core.federation.errors import RECORDED, InvalidRequest, ProviderUnavailable, StateRefused
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.social.asking import asked, parameters
from gatepost.features.social.flow import awaited, code_for, redeemed, stopped
from gatepost.features.social.page import refusal_page
from gatepost.kernel.errors import AuthError, NotAuthenticated
from gatepost.web.cookies import read_cookie
from gatepost.web.errors import problem_of
from gatepost.web.federation import bind_browser, browser_of, release_browser
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.routes import from_anywhere, route_class
from gatepost.web.signing_in import enter, wanted_by_browser

_FORM = "application/x-www-form-urlencoded"
_SEE_OTHER = 303


class ProviderView(BaseModel):
    """One provider, for a button."""

    name: str
    label: str


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["social"])

    @routes.get("/providers")
    @public
    async def providers() -> list[ProviderView]:
        """List the providers that people may sign in with, as the settings name them."""
        policies = host.core.providers.policies
        return [ProviderView(name=name, label=policy.label) for name, policy in policies.items()]

    @routes.get("/login/{provider}", response_class=RedirectResponse, status_code=_SEE_OTHER)
    @public
    async def begin(provider: str, request: Request) -> Response:
        """Send a browser to a provider; what it may say is in `docs/social.md`."""
        return await _shown(host, request, _begin(host, provider, request))

    @routes.get("/callback/{provider}", response_class=RedirectResponse, status_code=_SEE_OTHER)
    @public
    async def callback(provider: str, request: Request) -> Response:
        """Take the answer of a provider, once, in the browser that began."""
        return await _shown(host, request, _finish(host, provider, request))

    @routes.post("/callback/{provider}", response_class=RedirectResponse, status_code=_SEE_OTHER)
    @public
    @from_anywhere
    async def posted(provider: str, request: Request) -> Response:
        """Take an answer that a provider has posted, and have the browser come for it with its cookies."""
        return await _shown(host, request, _park(host, provider, request))

    return routes


async def _begin(host: FeatureHost, provider: str, request: Request) -> Response:
    core = host.core
    core.providers.get(provider)
    said = parameters(request.scope["query_string"])
    await core.attempts.spend(Action.FEDERATION, origin_of(request, host.web.trusted_proxies))
    wanted = asked(core.federation, provider, said, host.web.scopes)
    try:
        begun = await core.requests.begin(wanted)
    except ProviderUnavailable as refusal:
        return _told(host, wanted, refusal) or _answered(host, request, refusal)
    response = RedirectResponse(begun.location, _SEE_OTHER)
    bind_browser(request, host, response, begun)
    return response


async def _park(host: FeatureHost, provider: str, request: Request) -> Response:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        raise InvalidRequest(public=f"The body must be {_FORM}.")
    try:
        said = parameters(await request.body())
    except ClientDisconnect:
        raise InvalidRequest from None
    core, origin = host.core, origin_of(request, host.web.trusted_proxies)
    await core.attempts.spend(Action.FEDERATION, origin)
    here = core.providers.get(provider).redirect_uri
    try:
        values = core.requests.authentic(said.pop("state", ""))
    except StateRefused as refusal:
        await stopped(core, refusal, provider, origin)
    await core.requests.park(provider, values, said)
    return RedirectResponse(f"{here}?{urlencode({'state': values.state})}", _SEE_OTHER)


async def _finish(host: FeatureHost, provider: str, request: Request) -> Response:
    core, origin = host.core, origin_of(request, host.web.trusted_proxies)
    await core.attempts.spend(Action.FEDERATION, origin)
    said = parameters(request.scope["query_string"])
    state = said.get("state", "")
    try:
        pending = await awaited(core, provider, state, browser_of(request, host, state))
    except StateRefused as refusal:
        await stopped(core, refusal, provider, origin)
    try:
        response = await _entered(host, request, pending, said, origin)
    except AuthError as refusal:
        response = await _refused(host, request, pending, refusal, origin)
    release_browser(host, response, state)
    return response


async def _entered(
    host: FeatureHost, request: Request, pending: Pending, said: dict[str, str], origin: Origin
) -> Response:
    """Return where somebody goes on who was let in."""
    core = host.core
    before, session_id = await _session_of(host, request)
    who = await redeemed(core, pending, said, session_id)
    if pending.kind is RequestKind.APP:
        code = await code_for(core, pending, who, origin)
        return _to_app(host, pending, {"code": code})
    response = RedirectResponse(pending.return_to or _home(host), _SEE_OTHER)
    if pending.kind is RequestKind.LINK:
        assert pending.user_id is not None  # noqa: S101 - a link has both
        assert session_id is not None  # noqa: S101 - it was compared
        await core.identities.link(who, pending.user_id, session_id, origin)
        return response
    wanted = wanted_by_browser(host, request)
    opened = await core.identities.enter(who, wanted)
    await enter(host, response, opened, wanted, before=before)
    return response


async def _refused(
    host: FeatureHost, request: Request, pending: Pending, refusal: AuthError, origin: Origin
) -> Response:
    """Return where somebody goes on who was not let in, or the page that says so."""
    if isinstance(refusal, RECORDED):
        with contextlib.suppress(*RECORDED):
            await stopped(host.core, refusal, pending.provider, origin)
    return _told(host, pending, refusal) or _answered(host, request, refusal)


def _told(host: FeatureHost, asked_for: Asked | Pending, refusal: AuthError) -> Response | None:
    """Return the way to where a refusal was to be told; None where nobody said where."""
    if asked_for.redirect_uri is not None:
        return _to_app(host, asked_for, {"error": refusal.code})
    if asked_for.error_to is not None:
        return RedirectResponse(_with(asked_for.error_to, {"error": refusal.code}), _SEE_OTHER)
    return None


async def _session_of(host: FeatureHost, request: Request) -> tuple[str | None, uuid.UUID | None]:
    """Return the session's cookie that came along, and the id of its session where that is alive."""
    before: str | None = None
    with contextlib.suppress(NotAuthenticated):
        before = read_cookie(request, host.web.session_cookie)
        if before is not None:
            return before, (await host.core.authenticator.cookie(before)).session_id
    return before, None


async def _shown(host: FeatureHost, request: Request, answer: Awaitable[Response]) -> Response:
    """Return an answer, or its refusal, in the form that the client reads."""
    try:
        response = await answer
    except AuthError as refusal:
        response = _answered(host, request, refusal)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _answered(host: FeatureHost, request: Request, refusal: AuthError) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return refusal_page(refusal, _home(host))
    return problem_of(refusal)


def _to_app(host: FeatureHost, pending: Asked | Pending, said: dict[str, str]) -> Response:
    """Return the authorization response (RFC 6749, section 4.1.2), which names who gives it (RFC 9207)."""
    if pending.client_state is not None:
        said["state"] = pending.client_state
    said["iss"] = host.core.services.tokens.issuer
    return RedirectResponse(_with(pending.redirect_uri or "", said), _SEE_OTHER)


def _with(url: str, said: dict[str, str]) -> str:
    """Return a URL with more in its query, and the fragment that it has."""
    parts = urlsplit(url)
    query = f"{parts.query}&{urlencode(said)}" if parts.query else urlencode(said)
    before, mark, fragment = url.partition("#")
    return f"{before.partition('?')[0]}?{query}{mark}{fragment}"


def _home(host: FeatureHost) -> str:
    return f"{host.web.public_origin}{host.web.public_path}/"
