"""Users: the record of one person, how it is made, changed and ended."""

from gatepost.core.users.domain import NewUser, Profile, User
from gatepost.core.users.events import (
    AccountDisowned,
    EmailChanged,
    EmailVerified,
    RolesChanged,
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserRegistered,
)
from gatepost.core.users.flow import Users

__all__ = [
    "AccountDisowned",
    "EmailChanged",
    "EmailVerified",
    "NewUser",
    "Profile",
    "RolesChanged",
    "User",
    "UserDeleted",
    "UserDisabled",
    "UserEnabled",
    "UserRegistered",
    "Users",
]
