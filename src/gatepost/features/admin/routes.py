"""`/admin`: everything that an administrator does, each part in a module of its own."""

from fastapi import APIRouter

from gatepost.feature import FeatureHost
from gatepost.features.admin import (
    budgets,
    export,
    identities,
    impersonation,
    invitations,
    keys,
    passwords,
    roles,
    sessions,
    setup,
    trail,
    users,
)


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    of_users = (users, export, passwords, invitations, impersonation, sessions, identities, budgets)
    parts = (*of_users, roles, keys, trail, setup)
    return APIRouter(routes=[route for part in parts for route in part.router(host).routes])  # flat, as a Gatepost's
