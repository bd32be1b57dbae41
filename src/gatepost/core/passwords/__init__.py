"""Passwords: hashing on a bounded queue, and which may be chosen (NIST SP 800-63B-4, section 3.1.1)."""

from gatepost.core.passwords.domain import PasswordRules
from gatepost.core.passwords.errors import (
    BreachedPassword,
    CommonPassword,
    PasswordTooShort,
    WeakPassword,
)
from gatepost.core.passwords.hashing import Passwords
from gatepost.core.passwords.policy import PasswordPolicy
from gatepost.kernel.errors import PasswordChangeRequired

__all__ = [
    "BreachedPassword",
    "CommonPassword",
    "PasswordChangeRequired",
    "PasswordPolicy",
    "PasswordRules",
    "PasswordTooShort",
    "Passwords",
    "WeakPassword",
]
