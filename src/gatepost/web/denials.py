"""Telling the trail that a guard has refused somebody, with the route by its declared path."""

from starlette.requests import HTTPConnection

from gatepost.kernel.errors import AuthError, Unavailable
from gatepost.kernel.principal import Principal
from gatepost.web.host import GuardHost
from gatepost.web.origin import origin_of

_MAX_ROUTE = 200


async def recorded(host: GuardHost, connection: HTTPConnection, principal: Principal, refusal: AuthError) -> AuthError:
    """Return the refusal once it is recorded; where that is not possible, what says so instead."""
    origin = origin_of(connection, host.web.trusted_proxies)
    try:
        await host.core.denials.record(principal, _route_of(connection), refusal, origin)
    except Unavailable as error:
        return error
    return refusal


def _route_of(connection: HTTPConnection) -> str:
    scope = connection.scope
    declared = getattr(scope.get("route"), "path", None) or scope["path"]
    return f"{scope.get('method', 'WEBSOCKET')} {declared}"[:_MAX_ROUTE]
