"""Who may come in: administrators in person, with a session of their own; to change something, a fresh one.

A program's key never opens it, whoever's it is: what administers must be able to sign in again.
"""

import uuid
from typing import Any

from fastapi import Request

from gatepost.core.audit import Origin
from gatepost.core.users.administrators import AdminPolicy
from gatepost.core.users.domain import User
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import NotFound
from gatepost.web.guard import Requirement, require
from gatepost.web.origin import origin_of


def reader(host: FeatureHost) -> Requirement:
    """Return what is asked of who looks."""
    return require(role=host.policy(AdminPolicy).role, in_person=True, host=host)


def writer(host: FeatureHost) -> Requirement:
    """Return what is asked of who changes something."""
    return require(role=host.policy(AdminPolicy).role, fresh=True, host=host)


def origin(host: FeatureHost, request: Request) -> Origin:
    """Return where a request came from, with the administrator as the one who acts."""
    return origin_of(request, host.web.trusted_proxies)


async def known(host: FeatureHost, user_id: uuid.UUID) -> User[Any]:
    """Return a user.

    Raises:
        NotFound: there is none.
    """
    user: User[Any] | None = await host.core.users.get(user_id)
    if user is None:
        raise NotFound
    return user
