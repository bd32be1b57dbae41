"""Every route of the admin API, so that each attack is tried on each of them."""

import re

ID = "00000000-0000-7000-8000-000000000000"
ADMIN = [
    ("GET", "/auth/admin/users"),
    ("POST", "/auth/admin/users"),
    ("POST", "/auth/admin/users/{user_id}/invitation"),
    ("POST", "/auth/admin/users/{user_id}/impersonate"),
    ("GET", "/auth/admin/users/{user_id}"),
    ("PATCH", "/auth/admin/users/{user_id}"),
    ("DELETE", "/auth/admin/users/{user_id}"),
    ("POST", "/auth/admin/users/{user_id}/disable"),
    ("POST", "/auth/admin/users/{user_id}/enable"),
    ("PUT", "/auth/admin/users/{user_id}/roles/{role}"),
    ("DELETE", "/auth/admin/users/{user_id}/roles/{role}"),
]


def filled(path: str, user_id: object = ID) -> str:
    """Return a path with its parameters filled in."""
    return re.sub(r"\{\w+\}", "editor", path.replace("{user_id}", str(user_id)))
