"""What is refused, as values: a stable code, a public text, a hint for the developer, a private detail.

The code is part of the wire contract (`feature.reason`); the public text may be shown to whoever asked; the private
detail goes to the log only. Evidence of a failure (an audit row, a counter) is attached to the refusal and written
after the transaction that refused has been rolled back.
"""

from collections.abc import Sequence
from typing import ClassVar


class AuthError(Exception):
    """An expected refusal; subclasses fix the code, the status and the words.

    Attributes:
        code: stable, `feature.reason`.
        status: the HTTP status that says it best.
        public: words for the person who asked.
        wait: `retry_after` where nothing better is known.
        retry_after: whole seconds after which asking again makes sense, or None.
        evidence: events to be recorded after the rollback.
    """

    code: ClassVar[str] = "auth.refused"
    status: ClassVar[int] = 400
    public: ClassVar[str] = "The request was refused."
    wait: ClassVar[int | None] = None

    def __init__(
        self,
        detail: str = "",
        *,
        public: str | None = None,
        retry_after: int | None = None,
        evidence: Sequence[object] = (),
    ) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.text = public or self.public
        self.retry_after = self.wait if retry_after is None else retry_after
        self.evidence = tuple(evidence)


class Refused(AuthError):
    """Raised by a host's listener inside the transaction to refuse what is about to happen."""

    code = "host.refused"
    status = 409
    public = "This is not possible."


class InvalidInput(AuthError):
    """A value that cannot be stored or compared safely; `field` names it."""

    code = "request.invalid"
    status = 422
    public = "A value in the request is not valid."

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}", public=f"{field}: {reason}")
        self.field = field
        self.reason = reason


class LoginFailed(AuthError):
    """Wrong identifier, wrong password, a disabled user: one answer for all."""

    code = "login.failed"
    status = 401
    public = "The identifier or the password is wrong."


class FactorRequired(AuthError):
    """The password was right, and it is not enough."""

    code = "login.factor_required"
    status = 403
    public = "Another factor is required."

    def __init__(self, remaining: Sequence[str]) -> None:
        super().__init__(", ".join(remaining))
        self.remaining = tuple(remaining)


class EmailNotVerified(AuthError):
    """The password was right; sign-in waits for the proof of the address (`GATEPOST_EMAIL_VERIFICATION`)."""

    code = "login.email_not_verified"
    status = 403
    public = "Verify your e-mail address first: follow the link in the mail that you got, or ask for a new one."


class PasswordChangeRequired(AuthError):
    """The password was right, and it has to be changed before it opens anything."""

    code = "password.change_required"
    status = 403
    public = "The password is right, and it has to be changed before you can sign in."


class ThrottleSpent(AuthError):
    """An attempt budget is empty.

    Attributes:
        budget: its name.
        limit: how many attempts it allows at once.
        seconds: over which it fills up again.
    """

    code = "throttle.spent"
    status = 429
    public = "Too many attempts. Try again later."

    def __init__(self, budget: str, *, retry_after: int, limit: int, seconds: int) -> None:
        super().__init__(budget, retry_after=retry_after)
        self.budget = budget
        self.limit = limit
        self.seconds = seconds


class Busy(AuthError):
    """The password queue is full; nothing was counted against anyone."""

    code = "login.busy"
    status = 503
    public = "The server is busy. Try again in a moment."


class Unavailable(AuthError):
    """A store cannot be reached, so that nothing can be decided; never an answer in favor of the caller."""

    code = "storage.unavailable"
    status = 503
    public = "The service is not available at the moment."
    wait = 1


class NotAuthenticated(AuthError):
    """No credential, or one that is not good (any more)."""

    code = "auth.not_authenticated"
    status = 401
    public = "Not authenticated"


class NotFresh(AuthError):
    """A sensitive change needs a recent sign-in."""

    code = "session.not_fresh"
    status = 403
    public = "Sign in again to confirm this change."


class NotFound(AuthError):
    """There is no such thing, or none that the caller may know of."""

    code = "request.not_found"
    status = 404
    public = "Not found"


class OAuthError(AuthError):
    """An error of the token endpoint (RFC 6749, section 5.2), which has a JSON shape of its own."""

    def __init__(self, error: str, description: str, *, status: int = 400, evidence: Sequence[object] = ()) -> None:
        super().__init__(description, evidence=evidence)
        self.error = error
        self.description = description
        self.oauth_status = status


class ConfigurationError(RuntimeError):
    """The settings do not allow a safe start; the message says the cure in one sentence."""
