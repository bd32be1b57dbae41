"""What a route may ask of its caller, beyond being signed in. Pure checks over a principal."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypedDict

from gatepost.kernel.errors import AuthError, NotFresh
from gatepost.kernel.principal import Principal

Check = Callable[[Principal], bool | Awaitable[bool]]


class Forbidden(AuthError):
    """The caller is known and may not do this."""

    code = "auth.forbidden"
    status = 403
    public = "Not enough permissions"


class InsufficientScope(Forbidden):
    """The token may not do this, whoever holds it (RFC 6750, section 3.1)."""

    code = "auth.insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class NotVerified(Forbidden):
    """The e-mail address has not been verified."""

    code = "auth.not_verified"
    public = "Verify your e-mail address first"


class NotInPerson(Forbidden):
    """An administrator or a program acts as the user, and this is for the user alone."""

    code = "auth.not_in_person"
    public = "Only the user in person may do this."


class Asked(TypedDict, total=False):
    """What `require(...)` takes, for who passes it on; it says what each of them means."""

    role: str | None
    permission: str | None
    scope: str | None
    verified: bool
    fresh: bool
    in_person: bool
    check: Check | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One requirement; every part that is set must hold.

    Attributes:
        scope: space-separated scopes, all of which the credential must carry.
        is_verified: the user's e-mail address must be verified (reads the user).
        is_fresh: the sign-in must be recent, and the user's own.
        is_in_person: neither an administrator nor a program acts as the user.
        check: the host's own rule.
    """

    role: str | None = None
    permission: str | None = None
    scope: str | None = None
    is_verified: bool = False
    is_fresh: bool = False
    is_in_person: bool = False
    check: Check | None = None
    any_of: tuple["Need", ...] = ()
    all_of: tuple["Need", ...] = ()

    @property
    def reads_user(self) -> bool:
        """Whether this or a part of it needs the user's row."""
        return self.is_verified or any(part.reads_user for part in (*self.any_of, *self.all_of))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the caller besides the principal; times in seconds since the Unix epoch."""

    now: float
    fresh: int
    is_verified: bool


async def enforce(need: Need, principal: Principal, facts: Facts) -> None:
    """Check a requirement.

    Raises:
        Forbidden: the first part that does not hold.
    """
    if need.role is not None and need.role not in principal.roles:
        raise Forbidden(need.role)
    if need.permission is not None and need.permission not in principal.permissions:
        raise Forbidden(need.permission)
    if need.scope is not None and not principal.scopes.issuperset(need.scope.split()):
        raise InsufficientScope(need.scope)
    if need.is_verified and not facts.is_verified:
        raise NotVerified
    if need.is_in_person or need.is_fresh:
        _enforce_presence(need, principal, facts)
    if need.check is not None:
        outcome = need.check(principal)
        if not (await outcome if isinstance(outcome, Awaitable) else outcome):
            raise Forbidden
    for part in need.all_of:
        await enforce(part, principal, facts)
    if need.any_of:
        await _enforce_any(need.any_of, principal, facts)


def _enforce_presence(need: Need, principal: Principal, facts: Facts) -> None:
    if principal.actor is not None or (need.is_in_person and principal.is_api_key):
        raise NotInPerson
    if need.is_fresh and (principal.is_api_key or facts.now - principal.auth_time > facts.fresh):
        raise NotFresh


async def _enforce_any(parts: tuple[Need, ...], principal: Principal, facts: Facts) -> None:
    for part in parts[:-1]:
        try:
            await enforce(part, principal, facts)
        except (Forbidden, NotFresh):
            continue
        return
    await enforce(parts[-1], principal, facts)
