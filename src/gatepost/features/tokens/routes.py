"""The OAuth 2.0 endpoints (RFC 6749, RFC 7009, RFC 7662) and the JWKS (RFC 7517).

The password grant is for first-party clients and can be switched off (RFC 9700 forbids it to others).
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gatepost.core.audit import Origin
from gatepost.core.federation.codes import Presented
from gatepost.core.runtime import Core
from gatepost.core.sessions.domain import FIRST_PARTY
from gatepost.core.sessions.flow import Tokens
from gatepost.core.throttle.attempts import Action
from gatepost.feature import FeatureHost
from gatepost.features.tokens.flow import introspect, redeem, refresh, revoke, sign_in
from gatepost.kernel.errors import OAuthError
from gatepost.web.clients import require_client
from gatepost.web.cookies import read_cookie, set_cookie
from gatepost.web.csrf import refuse_cross_site
from gatepost.web.devices import device_of_browser, remember_device
from gatepost.web.forms import form_body, read_form, required
from gatepost.web.guard import public
from gatepost.web.origin import origin_of
from gatepost.web.routes import oauth_endpoint, route_class

_TOKEN_FORM = form_body(
    grant_type=True,
    username=False,
    password=False,
    scope=False,
    refresh_token=False,
    code=False,
    code_verifier=False,
    redirect_uri=False,
    client_id=False,
    refresh_cookie=False,
)


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["tokens"])

    @routes.post("/token", openapi_extra=_TOKEN_FORM)
    @public
    @oauth_endpoint
    async def token(request: Request) -> Response:
        """Exchange a code, a password or a refresh token for an access token (RFC 6749, sections 4.1.3, 4.3 and 6)."""
        form = await read_form(request)
        cookie = None if "refresh_token" in form else read_cookie(request, host.web.refresh_cookie)
        wants_cookie = form.get("refresh_cookie") == "true"
        if wants_cookie:
            refuse_cross_site(request, host.web)
        origin = origin_of(request, host.web.trusted_proxies)
        if required(form, "grant_type") == "refresh_token":
            await host.core.attempts.spend(Action.REFRESH, origin)
            tokens = await _refresh_grant(host, form, cookie, origin)
            return _token_response(host, tokens, wants_cookie=wants_cookie or cookie is not None, held=cookie)
        device = device_of_browser(request, host, is_given=wants_cookie)
        tokens = await _signed_in(host, form, origin, device)
        if wants_cookie and cookie is not None:  # the session that this browser had: nobody planted one for later
            await revoke(host.core, cookie, FIRST_PARTY, origin)
        return _token_response(host, tokens, wants_cookie=wants_cookie, device=device)

    @routes.post(
        "/revoke",
        openapi_extra=form_body(token=True, token_type_hint=False, client_id=False),
        response_class=Response,  # an empty answer
    )
    @public
    @oauth_endpoint
    async def revoke_token(request: Request) -> Response:
        """End the session of a token (RFC 7009); a token that is not good is no error."""
        form = await read_form(request)
        origin = origin_of(request, host.web.trusted_proxies)
        await host.core.attempts.spend(Action.SIGN_OUT, origin)
        await revoke(host.core, required(form, "token"), form.get("client_id", FIRST_PARTY), origin)
        return Response(status_code=200)

    @routes.post("/introspect", openapi_extra=form_body(token=True, token_type_hint=False))
    @public
    @oauth_endpoint
    async def introspect_token(request: Request) -> Response:
        """Tell a known resource server whether a token is good now (RFC 7662)."""
        await host.core.attempts.spend(Action.INTROSPECTION, origin_of(request, host.web.trusted_proxies))
        require_client(request, host.web.introspection_clients)
        form = await read_form(request)
        return JSONResponse(await introspect(host.core, required(form, "token")))

    @routes.get("/.well-known/jwks.json")
    @public
    async def jwks() -> Response:
        """The public keys that verify our access tokens."""
        core: Core = host.core
        if core.keyring.is_stale:
            await core.keyring.freshen()
        cache = f"public, max-age={host.web.jwks_max_age}"
        return JSONResponse(core.keyring.jwks(), headers={"Cache-Control": cache})

    return routes


async def _signed_in(host: FeatureHost, form: dict[str, str], origin: Origin, device: str | None) -> Tokens:
    match form["grant_type"]:
        case "password":
            return await _password_grant(host, form, origin, device)
        case "authorization_code":
            await host.core.attempts.spend(Action.FEDERATION, origin)
            return await _code_grant(host, form, origin, device)
        case _:
            error = "unsupported_grant_type"
            raise OAuthError(error, "This grant type is not supported.")


async def _password_grant(host: FeatureHost, form: dict[str, str], origin: Origin, device: str | None) -> Tokens:
    if not host.web.password_grant:
        error = "unauthorized_client"
        raise OAuthError(error, "The password grant is switched off.")
    required(form, "username")
    required(form, "password")
    return await sign_in(host.core, form, host.web.scopes, _first_party(form), origin, device)


async def _code_grant(host: FeatureHost, form: dict[str, str], origin: Origin, device: str | None) -> Tokens:
    client_id = _first_party(form)
    # What is missing is presented as wrong: a code is worth one attempt.
    presented = Presented(
        code=required(form, "code"),
        code_verifier=form.get("code_verifier", ""),
        redirect_uri=form.get("redirect_uri", ""),
    )
    return await redeem(host.core, presented, host.web.scopes, client_id, origin, device)


async def _refresh_grant(host: FeatureHost, form: dict[str, str], cookie: str | None, origin: Origin) -> Tokens:
    text, client_id = cookie or required(form, "refresh_token"), _first_party(form)
    return await refresh(host.core, text, form.get("scope"), client_id, origin, is_cookie=cookie is not None)


def _token_response(
    host: FeatureHost, tokens: Tokens, *, wants_cookie: bool, held: str | None = None, device: str | None = None
) -> Response:
    """Return RFC 6749, section 5.1; with a cookie, the refresh token is only there.

    A cookie that the browser holds already is not set again: a slow answer would put it in the place of a newer one.
    """
    content: dict[str, Any] = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "scope": tokens.scope,
    }
    if not wants_cookie:
        content["refresh_token"] = tokens.refresh_token
    response = JSONResponse(content, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
    if wants_cookie and tokens.refresh_token != held:
        name, age = host.web.refresh_cookie, host.web.session_max_age
        set_cookie(response, name, tokens.refresh_token, max_age=age, is_secure=host.web.is_secure)
    if wants_cookie:
        remember_device(response, host, device)
    return response


def _first_party(form: dict[str, str]) -> str:
    client_id = form.get("client_id", FIRST_PARTY)
    if client_id != FIRST_PARTY:
        error = "invalid_client"
        raise OAuthError(error, "The client is not known.", status=401)
    return client_id
