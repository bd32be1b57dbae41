"""Authentication for FastAPI: sign-up, sign-in, sessions, tokens and roles, on SQLite or PostgreSQL.

A name is imported when it is first asked for, so that a program pays for what it uses.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepost import alembic, events, tables
    from gatepost.core.outbox import Mail
    from gatepost.core.users.domain import Profile, User
    from gatepost.feature import Feature
    from gatepost.gate import Gatepost
    from gatepost.kernel.errors import AuthError, ConfigurationError, NotAuthenticated, Refused
    from gatepost.kernel.health import Health
    from gatepost.kernel.origin import Origin
    from gatepost.kernel.principal import Principal
    from gatepost.settings import Settings
    from gatepost.trust.accepted import Issuer
    from gatepost.web.current_user import CurrentUser, OptionalUser
    from gatepost.web.guard import (
        CurrentPrincipal,
        OptionalPrincipal,
        all_of,
        any_of,
        current_principal,
        current_user,
        optional_principal,
        optional_user,
        public,
        require,
    )
    from gatepost.web.guarded_route import GuardedRoute
    from gatepost.web.ownership import require_owner
    from gatepost.web.resource_server import ResourceServer
    from gatepost.web.views import UserView

_PLACES = {
    "Origin": "gatepost.kernel.origin",
    "Mail": "gatepost.core.outbox",
    "Profile": "gatepost.core.users.domain",
    "User": "gatepost.core.users.domain",
    "Feature": "gatepost.feature",
    "Gatepost": "gatepost.gate",
    "Health": "gatepost.kernel.health",
    "AuthError": "gatepost.kernel.errors",
    "ConfigurationError": "gatepost.kernel.errors",
    "NotAuthenticated": "gatepost.kernel.errors",
    "Refused": "gatepost.kernel.errors",
    "Principal": "gatepost.kernel.principal",
    "Settings": "gatepost.settings",
    "CurrentPrincipal": "gatepost.web.guard",
    "CurrentUser": "gatepost.web.current_user",
    "OptionalPrincipal": "gatepost.web.guard",
    "OptionalUser": "gatepost.web.current_user",
    "all_of": "gatepost.web.guard",
    "any_of": "gatepost.web.guard",
    "current_principal": "gatepost.web.guard",
    "current_user": "gatepost.web.guard",
    "optional_principal": "gatepost.web.guard",
    "optional_user": "gatepost.web.guard",
    "public": "gatepost.web.guard",
    "require": "gatepost.web.guard",
    "require_owner": "gatepost.web.ownership",
    "Issuer": "gatepost.trust.accepted",
    "ResourceServer": "gatepost.web.resource_server",
    "GuardedRoute": "gatepost.web.guarded_route",
    "UserView": "gatepost.web.views",
}
_MODULES = frozenset({"alembic", "events", "tables"})

__all__ = [
    "AuthError",
    "ConfigurationError",
    "CurrentPrincipal",
    "CurrentUser",
    "Feature",
    "Gatepost",
    "GuardedRoute",
    "Health",
    "Issuer",
    "Mail",
    "NotAuthenticated",
    "OptionalPrincipal",
    "OptionalUser",
    "Origin",
    "Principal",
    "Profile",
    "Refused",
    "ResourceServer",
    "Settings",
    "User",
    "UserView",
    "alembic",
    "all_of",
    "any_of",
    "current_principal",
    "current_user",
    "events",
    "optional_principal",
    "optional_user",
    "public",
    "require",
    "require_owner",
    "tables",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    if name in _MODULES:
        return import_module(f"gatepost.{name}")
    if name not in _PLACES:
        msg = f"module 'gatepost' has no attribute {name!r}"
        raise AttributeError(msg)
    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
