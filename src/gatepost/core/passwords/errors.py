"""Why a password may not be chosen, or not be used any longer. What is said is for the person who typed it."""

from gatepost.kernel.errors import AuthError, InvalidInput


class PasswordTooShort(InvalidInput):
    """It has fewer characters than the settings ask for."""

    code = "password.too_short"


class WeakPassword(InvalidInput):
    """It would be guessed, or it is what the user is known by."""

    code = "password.weak"


class CommonPassword(InvalidInput):
    """It stands in a list of passwords that are tried first."""

    code = "password.common"

    def __init__(self, field: str) -> None:
        super().__init__(field, "is one of the passwords that are tried first: choose another one")


class BreachedPassword(InvalidInput):
    """It stands in a collection of passwords that were stolen somewhere."""

    code = "password.breached"

    def __init__(self, field: str) -> None:
        super().__init__(field, "stands in a collection of stolen passwords: choose one that you use nowhere else")


class PasswordNotChecked(AuthError):
    """The range service is down, and the settings say to wait for it."""

    code = "password.not_checked"
    status = 503
    public = "The password cannot be checked at the moment. Try again in a minute."
    wait = 30


class PasswordChangeNotRequired(AuthError):
    """The password was right, and is good as it is: sign in with it."""

    code = "password.change_not_required"
    status = 403
    public = "This password need not be changed: sign in with it."


class NoPassword(AuthError):
    """The user has none, so that there is nothing to change."""

    code = "password.none"
    status = 409
    public = "This user has no password."


class RangeUnavailable(Exception):
    """The range service gave no answer that can be used; the message says why, in words for a log."""
