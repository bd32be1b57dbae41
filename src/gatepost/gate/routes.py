"""What a start refuses of an application's routes."""

from fastapi import FastAPI
from starlette.routing import BaseRoute

from gatepost.web.policy import WebPolicy
from gatepost.web.route_table import check_unguarded
from gatepost.web.routing import refuse_open_websockets, refuse_shadowed


def check_routes(app: FastAPI, included: BaseRoute, policy: WebPolicy) -> None:
    """Refuse to start over routes that stand before ours, or that nothing guards.

    Args:
        app: the application.
        included: the entry of `app.router.routes` that holds our routes.
        policy: whether every route must say who may call it.

    Raises:
        ConfigurationError: it names the path.
    """
    refuse_shadowed(app, included)
    refuse_open_websockets(app.router)
    check_unguarded(app, policy)
