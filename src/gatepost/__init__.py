"""Authentication for FastAPI: sign-up, sign-in, sessions, tokens and roles, on SQLite or PostgreSQL."""

from gatepost import alembic, events, tables
from gatepost.core.audit import Origin
from gatepost.core.outbox import Mail
from gatepost.core.users.domain import Profile, User
from gatepost.feature import Feature
from gatepost.gate import Gatepost, Health
from gatepost.kernel.errors import AuthError, ConfigurationError, NotAuthenticated, Refused
from gatepost.kernel.principal import Principal
from gatepost.settings import Settings
from gatepost.web.guard import (
    CurrentPrincipal,
    CurrentUser,
    OptionalPrincipal,
    OptionalUser,
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
from gatepost.web.views import UserView

__all__ = [
    "AuthError",
    "ConfigurationError",
    "CurrentPrincipal",
    "CurrentUser",
    "Feature",
    "Gatepost",
    "GuardedRoute",
    "Health",
    "Mail",
    "NotAuthenticated",
    "OptionalPrincipal",
    "OptionalUser",
    "Origin",
    "Principal",
    "Profile",
    "Refused",
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
    "tables",
]
