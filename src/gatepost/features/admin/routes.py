"""`/admin`: everything that an administrator does, each part in a module of its own."""

from fastapi import APIRouter

from gatepost.feature import FeatureHost
from gatepost.features.admin import (
    budgets,
    export,
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
    parts = (users, export, passwords, invitations, impersonation, sessions, budgets, roles, keys, trail, setup)
    return APIRouter(routes=[route for part in parts for route in part.router(host).routes])  # flat, as a Gatepost's
