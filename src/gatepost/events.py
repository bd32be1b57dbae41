"""What a host can listen to with `@gate.on(...)`."""

from gatepost.core.identities.events import IdentityLinked, IdentityUnlinked
from gatepost.core.login.events import AccountLocked, ManySignInsFailed, SignedIn, SignInFailed
from gatepost.core.passwords.events import PasswordCheckUnavailable
from gatepost.core.sessions.events import PasswordChanged
from gatepost.core.users.events import (
    AccountDisowned,
    EmailChanged,
    EmailVerified,
    RolesChanged,
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserEvent,
    UserRegistered,
)
from gatepost.kernel.events import Event

__all__ = [
    "AccountDisowned",
    "AccountLocked",
    "EmailChanged",
    "EmailVerified",
    "Event",
    "IdentityLinked",
    "IdentityUnlinked",
    "ManySignInsFailed",
    "PasswordChanged",
    "PasswordCheckUnavailable",
    "RolesChanged",
    "SignInFailed",
    "SignedIn",
    "UserDeleted",
    "UserDisabled",
    "UserEnabled",
    "UserEvent",
    "UserRegistered",
]
