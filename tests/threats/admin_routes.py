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
    ("POST", "/auth/admin/users/{user_id}/require-password-change"),
    ("PUT", "/auth/admin/users/{user_id}/roles/{role}"),
    ("DELETE", "/auth/admin/users/{user_id}/roles/{role}"),
    ("GET", "/auth/admin/users/{user_id}/export"),
    ("GET", "/auth/admin/users/{user_id}/sessions"),
    ("DELETE", "/auth/admin/users/{user_id}/sessions"),
    ("DELETE", "/auth/admin/users/{user_id}/sessions/{session_id}"),
    ("GET", "/auth/admin/users/{user_id}/identities"),
    ("DELETE", "/auth/admin/users/{user_id}/identities/{identity_id}"),
    ("GET", "/auth/admin/users/{user_id}/budgets"),
    ("DELETE", "/auth/admin/users/{user_id}/budgets"),
    ("POST", "/auth/admin/budgets"),
    ("POST", "/auth/admin/budgets/clear"),
    ("GET", "/auth/admin/roles"),
    ("PUT", "/auth/admin/roles/{role}"),
    ("DELETE", "/auth/admin/roles/{role}"),
    ("GET", "/auth/admin/keys"),
    ("POST", "/auth/admin/keys/rotate"),
    ("GET", "/auth/admin/audit"),
    ("POST", "/auth/admin/audit/export"),
]


def filled(path: str, user_id: object = ID) -> str:
    """Return a path with its parameters filled in."""
    path = path.replace("{user_id}", str(user_id)).replace("{session_id}", ID).replace("{identity_id}", ID)
    return re.sub(r"\{\w+\}", "editor", path)
