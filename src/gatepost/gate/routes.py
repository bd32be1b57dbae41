"""What a start does about an application's routes: what it refuses, and where ours that have no prefix stand."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from gatepost.feature import Feature, FeatureHost
from gatepost.web.route_table import check_unguarded
from gatepost.web.routing import our_routes, refuse_open_websockets, refuse_shadowed


def prepare_routes(app: FastAPI, included: BaseRoute, host: FeatureHost, features: Iterable[Feature]) -> None:
    """Refuse to start over routes that stand before ours, or that nothing guards; then add those without a prefix.

    Args:
        app: the application.
        included: the entry of `app.router.routes` that holds our routes.
        host: its policy says whether every route must say who may call it.
        features: may have routes at the root.

    Raises:
        ConfigurationError: it names the path.
    """
    refuse_shadowed(app, included)
    refuse_open_websockets(app.router)
    check_unguarded(app, host.web)
    for feature in features:
        if feature.at_root is not None:
            _add_at_root(app, included, feature.at_root(host))


def _add_at_root(app: FastAPI, included: BaseRoute, ours: APIRouter) -> None:
    """Add routes beside our others, unless the application answers one of their paths by itself.

    That is seen only now: what a host adds after `install` counts too, and a page for every path does not.
    """
    if any(_is_answered(app, route.path) for route in our_routes(ours.routes)):
        return
    routes = app.router.routes
    app.include_router(ours)
    routes.insert(routes.index(included) + 1, routes.pop())


def _is_answered(app: FastAPI, path: str) -> bool:
    for context in iter_route_contexts(app.router.routes):
        other = str(context.path or "")
        is_mount = isinstance(getattr(context, "original_route", context), Mount)
        if other == path or (is_mount and other and path.startswith(f"{other}/")):
            return True
    return False
