"""Looking at an application's routes: none of the host's may stand in front of one of ours."""

import re
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.params import Depends
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute

from gatepost.kernel.errors import ConfigurationError
from gatepost.web.guard import PUBLIC_MARK, Guard, Requirement, UserGuard
from gatepost.web.guarded_route import GuardedRoute

_PARAMETER = re.compile(r"\{[^}]*\}")
_SAMPLE = "00000000-0000-7000-8000-000000000000"


def our_routes(routes: Iterable[BaseRoute]) -> list[APIRoute]:
    """Return the API routes of a router, included ones too."""
    found = []
    for context in iter_route_contexts(list(routes)):
        route = getattr(context, "original_route", context)
        if isinstance(route, APIRoute):
            found.append(route)
    return found


def is_declared(route: Route | WebSocketRoute) -> bool:
    """Whether a route says who may call it: marked public, or behind a guard."""
    if getattr(route.endpoint, PUBLIC_MARK, False):
        return True
    dependant = getattr(route, "dependant", None)  # a route of Starlette's has none, and no guard
    return isinstance(dependant, Dependant) and _is_guarded(dependant)


def _is_guarded(dependant: Dependant) -> bool:
    return any(isinstance(part.call, Guard | Requirement) or _is_guarded(part) for part in dependant.dependencies)


def _holds_guard(given: Iterable[Depends]) -> bool:
    """Whether a guard is among what was given to an application, or where a router was included."""
    return any(isinstance(part, Requirement) or isinstance(part.dependency, Guard) for part in given)


def refuse_user_guards(app: FastAPI) -> None:
    """Refuse to start when a route of an application without users asks for the caller's row.

    Raises:
        ConfigurationError: it names the path.
    """
    for context in iter_route_contexts(list(app.router.routes)):
        dependant = getattr(context, "dependant", None)
        if isinstance(dependant, Dependant) and _asks_for_user(dependant):
            msg = f"{context.path} asks for CurrentUser, and a ResourceServer has no users: write CurrentPrincipal"
            raise ConfigurationError(msg)


def _asks_for_user(dependant: Dependant) -> bool:
    return any(
        (isinstance(part.call, UserGuard) and not part.call.is_bound) or _asks_for_user(part)
        for part in dependant.dependencies
    )


def refuse_open_websockets(router: APIRouter) -> None:
    """Refuse to start when a router under `GuardedRoute` holds a WebSocket that nothing guards.

    Raises:
        ConfigurationError: it names the path.
    """
    if _holds_guard(router.dependencies):
        return
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if isinstance(inner, APIRouter):
            if not _holds_guard(getattr(getattr(route, "include_context", None), "dependencies", ())):
                refuse_open_websockets(inner)
        elif isinstance(route, WebSocketRoute) and issubclass(router.route_class, GuardedRoute):
            if is_declared(route):
                continue
            msg = (
                f"nothing guards the WebSocket {route.path}: GuardedRoute makes HTTP routes only, "
                "so give it a `principal: CurrentPrincipal`, or mark it @public"
            )
            raise ConfigurationError(msg)


def refuse_shadowed(app: FastAPI, included: BaseRoute) -> None:
    """Refuse to start when the host answers one of our paths before we can.

    Args:
        app: the host's application.
        included: the entry of `app.router.routes` that holds our routes.

    Raises:
        ConfigurationError: it names the path.
    """
    earlier = app.router.routes[: app.router.routes.index(included)]
    for ours in iter_route_contexts([included]):
        path = _PARAMETER.sub(_SAMPLE, str(ours.path))
        for method in ours.methods or ():
            scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": [], "app": app}
            if any(route.matches(scope)[0] is Match.FULL for route in earlier):
                msg = (
                    f"a route of the application answers {method} {ours.path} before Gatepost does: "
                    "move it behind `gate.install(app)`, or choose another GATEPOST_PREFIX"
                )
                raise ConfigurationError(msg)
