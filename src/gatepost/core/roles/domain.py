"""The rules of roles, permissions and scopes, without I/O.

A role is what a user is, a permission what a role allows, a scope what a credential may do. Scopes narrow and never
widen: `effective_permissions` is the one place that says how.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gatepost.kernel.errors import AuthError, InvalidInput

MAX_PERMISSIONS, MAX_DESCRIPTION = 100, 200
_PERMISSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_ROLE = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")


class RoleFixed(AuthError):
    """The role stands in `GATEPOST_ROLE_PERMISSIONS`, which wins, or it is the one that administrators have."""

    code = "role.fixed"
    status = 409
    public = "This role cannot be changed here."


@dataclass(frozen=True, slots=True)
class Role:
    """What a role allows; `is_fixed` where the settings say so, and nobody can change it at run time."""

    name: str
    description: str
    permissions: frozenset[str]
    is_fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePolicy:
    """What settings say of roles.

    Attributes:
        fixed: permissions by role; a role that is named here cannot be changed at run time.
        scopes: every scope that a credential can have here.
    """

    fixed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()


def effective_permissions(
    allowed: frozenset[str], scopes: frozenset[str], known_scopes: frozenset[str]
) -> frozenset[str]:
    """Return what a credential may do of what its user's roles allow.

    A permission whose name is also a known scope needs both: the role, and that scope in the credential. What is no
    scope cannot be left out of a credential, and needs the role alone.
    """
    return frozenset(name for name in allowed if name not in known_scopes or name in scopes)


def check_role(role: str) -> None:
    """Refuse a role's name that could not be told apart in a token.

    Raises:
        InvalidInput: not lower-case letters, digits, `_ . : -`, beginning with a letter, 64 at most.
    """
    if not _ROLE.fullmatch(role):
        raise InvalidInput("role", "is a lower-case word of at most 64 letters, digits and _ . : -")


def checked_permissions(permissions: Iterable[str]) -> frozenset[str]:
    """Return permissions that may be stored. There are no wildcards: what a role allows stands there in full.

    Raises:
        InvalidInput: one is not a word, or there are more than a role needs.
    """
    found = frozenset(permissions)
    if len(found) > MAX_PERMISSIONS:
        raise InvalidInput("permissions", f"are more than {MAX_PERMISSIONS}")
    if not all(_PERMISSION.fullmatch(name) for name in found):
        raise InvalidInput("permissions", "are words of at most 64 letters, digits and _ . : -")
    return found
