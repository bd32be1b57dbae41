"""The guard: from a request to its caller, at one level of FastAPI's dependency tree and without I/O.

A guard takes only the `HTTPConnection`, so that it serves HTTP, WebSocket and SSE alike, and it is a security scheme
itself, so that `/docs` shows its lock without a second level. Errors are `HTTPException`s: the host's envelope stays
the host's.
"""

from typing import Annotated, Any, TypeVar, cast

from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.openapi.models import SecurityBase as SecurityBaseModel
from fastapi.params import Depends
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from gatepost.kernel.errors import AuthError, NotAuthenticated
from gatepost.kernel.principal import Principal
from gatepost.web.api_keys import refuse_api_key
from gatepost.web.cookies import read_cookie
from gatepost.web.csrf import is_unsafe, refuse_cross_site
from gatepost.web.denials import recorded
from gatepost.web.errors import GuardError, as_http_exception, challenge
from gatepost.web.host import GuardHost, Host, find_host
from gatepost.web.origin import ACTOR
from gatepost.web.requirements import Check, Facts, Forbidden, InsufficientScope, Need, enforce

SCHEME_NAME = "Gatepost"
PUBLIC_MARK = "__gatepost_public__"
_BEARER = b"bearer "
F = TypeVar("F")


def public(endpoint: F) -> F:
    """Mark an endpoint that anybody may call in an application that is guarded as a whole."""
    setattr(endpoint, PUBLIC_MARK, True)
    return endpoint


def _lock(prefix: str) -> SecurityBaseModel:
    """Return what `/docs` shows: where tokens are had here, or that they come from elsewhere."""
    if not prefix:
        return HTTPBearerModel(bearerFormat="JWT")
    password = OAuthFlowPassword(tokenUrl=f"{prefix.lstrip('/')}/token", scopes={})
    return OAuth2Model(flows=OAuthFlows(password=password))


def bound_scheme_name(prefix: str) -> str:
    """Return what the OpenAPI document calls a guard that is bound to a Gatepost under this prefix."""
    return f"{SCHEME_NAME}{prefix.replace('/', '-')}"


class NoCredential(NotAuthenticated):
    """There is neither a bearer token nor a session cookie."""


async def authenticate(host: GuardHost, connection: HTTPConnection) -> Principal:
    """Return the caller of a request, from its bearer token or its session cookie.

    Raises:
        NotAuthenticated: neither is there, or what is there is not good.
        CrossSite: the cookie came along with an unsafe request of a foreign page.
        Unavailable: nothing can be decided now.
    """
    token: str | None = None
    has_cookies = False
    for name, value in connection.scope["headers"]:
        if name == b"authorization":
            token = _bearer_token(value, token)
        elif name == b"cookie":
            has_cookies = True
    authenticator = host.core.authenticator
    cookie: str | None = None
    if has_cookies and (name_of_ours := host.web.session_cookie) is not None:
        cookie = read_cookie(connection, name_of_ours)
        if cookie is not None and is_unsafe(connection):
            refuse_cross_site(connection, host.web)
    if token is not None:
        principal = await authenticator.bearer(token)
    elif cookie is not None:
        principal = await authenticator.cookie(cookie)
    else:
        raise NoCredential
    connection.scope[ACTOR] = principal.actor_id or principal.user_id
    return principal


def _bearer_token(header: bytes, earlier: str | None) -> str | None:
    """Return the token of an `Authorization` header of ours (RFC 6750, section 2.1); other schemes are not for us."""
    if header[:7].lower() != _BEARER:
        return earlier
    if earlier is not None:
        reason = "two bearer tokens"
        raise NotAuthenticated(reason)
    return header[7:].decode("latin-1")


class Guard(SecurityBase):
    """A dependency that returns the caller, or refuses.

    Args:
        host: the Gatepost it is bound to, or None to find it from the request.
        need: what is asked besides being signed in.
        is_optional: nobody is an answer too (None); a bad credential still is not.
        passes_public: endpoints marked `@public` pass without a caller.
    """

    def __init__(
        self,
        host: GuardHost | None = None,
        *,
        need: Need | None = None,
        is_optional: bool = False,
        passes_public: bool = False,
    ) -> None:
        prefix = host.web.prefix if host is not None else "/auth"
        self.model = _lock(prefix)
        self.scheme_name = SCHEME_NAME if host is None else bound_scheme_name(prefix)
        self._host = host
        self.need = need
        self.is_optional = is_optional
        self.passes_public = passes_public

    @property
    def is_bound(self) -> bool:
        """Whether it belongs to one host, whatever the application's own is."""
        return self._host is not None

    async def principal(self, connection: HTTPConnection) -> Principal | None:
        """Return the caller; None for nobody where that is allowed."""
        if self.passes_public and self._lets_pass(connection):
            return None
        host = self._host or find_host(connection)
        principal: Principal | None = None
        try:
            principal = await authenticate(host, connection)
            if principal.is_api_key:
                refuse_api_key(connection)
            if self.need is not None:
                await enforce_at(host, self.need, principal)
        except NotAuthenticated as error:
            if self.is_optional and isinstance(error, NoCredential):
                return None
            was_presented, metadata = _presents_token(connection), host.web.resource_metadata
            raise as_http_exception(connection, error, was_presented=was_presented, metadata=metadata) from None
        except AuthError as error:
            refusal = error
            if principal is not None and isinstance(error, Forbidden):
                refusal = await recorded(host, connection, principal, error)
            raised = as_http_exception(connection, refusal, was_presented=False)
            if isinstance(refusal, InsufficientScope) and isinstance(raised, GuardError):
                problem = f'error="insufficient_scope", scope="{refusal.scope}"'
                lock = {"WWW-Authenticate": challenge(problem, host.web.resource_metadata)}
                raised.headers = {**(raised.headers or {}), **lock}
            raise raised from None
        return principal

    def _lets_pass(self, connection: HTTPConnection) -> bool:
        """Whether the endpoint is `@public`; where a need stands on the endpoint itself, that is stronger."""
        if not getattr(connection.scope.get("endpoint"), PUBLIC_MARK, False):
            return False
        return self.need == Need() or any(
            wide.dependency is self for wide in connection.scope["app"].router.dependencies
        )


async def enforce_at(host: GuardHost, need: Need, principal: Principal) -> None:
    """Check a requirement with what a Gatepost knows of the caller.

    Raises:
        Forbidden, NotFresh: the first part that does not hold.
    """
    core = host.core
    is_verified = need.reads_user and await core.authenticator.is_verified(principal)
    await enforce(need, principal, Facts(core.clock.now(), host.web.fresh, is_verified))


def _presents_token(connection: HTTPConnection) -> bool:
    return any(name == b"authorization" and value[:7].lower() == _BEARER for name, value in connection.scope["headers"])


class PrincipalGuard(Guard):
    """Returns the principal."""

    async def __call__(self, connection: HTTPConnection) -> Any:  # noqa: ANN401 - None for optional guards
        """Return the caller as the credential says it."""
        return await self.principal(connection)


class UserGuard(Guard):
    """Returns the user's row, from memory until it changes."""

    async def __call__(self, connection: HTTPConnection) -> Any:  # noqa: ANN401 - None for optional guards
        """Return the caller's row."""
        principal = await self.principal(connection)
        if principal is None:
            return None
        host = self._host or find_host(connection)
        try:
            return await cast("Host", host).core.authenticator.user(principal)
        except AuthError as error:
            raise as_http_exception(connection, error, was_presented=True) from None


class Requirement(Depends, SecurityBase):
    """What `require(...)` returns: good in `Annotated`, in `dependencies=` and inside `Depends`."""

    def __init__(self, need: Need, host: GuardHost | None = None) -> None:
        guard = PrincipalGuard(host, need=need, passes_public=True)
        Depends.__init__(self, guard)
        object.__setattr__(self, "need", need)
        object.__setattr__(self, "host", host)
        object.__setattr__(self, "model", guard.model)
        object.__setattr__(self, "scheme_name", guard.scheme_name)

    async def __call__(self, connection: HTTPConnection) -> Any:  # noqa: ANN401 - None on a public endpoint
        """Return the principal, or refuse."""
        guard: PrincipalGuard = cast("PrincipalGuard", self.dependency)
        return await guard(connection)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    scope: str | None = None,
    verified: bool = False,
    fresh: bool = False,
    in_person: bool = False,
    check: Check | None = None,
    host: GuardHost | None = None,
) -> Requirement:
    """Ask more of a caller than being signed in; with no argument, just that.

    Args:
        role: a role that the user must have.
        permission: a permission that one of the user's roles must allow.
        scope: space-separated scopes that the credential must carry.
        verified: the user's e-mail address must be verified.
        fresh: the sign-in must be recent (`GATEPOST_FRESH`), and the user's own.
        in_person: neither an administrator nor an API key acts as the user.
        check: your own rule, a function from the principal to a truth, plain or `async`.
        host: bind to one Gatepost of several; `gate.require` does.
    """
    need = Need(
        role=role,
        permission=permission,
        scope=scope,
        is_verified=verified,
        is_fresh=fresh,
        is_in_person=in_person,
        check=check,
    )
    return Requirement(need, host)


def any_of(*parts: Requirement) -> Requirement:
    """Ask that at least one of several requirements holds."""
    return Requirement(Need(any_of=_needs(parts)), _host_of(parts))


def all_of(*parts: Requirement) -> Requirement:
    """Ask that each of several requirements holds."""
    return Requirement(Need(all_of=_needs(parts)), _host_of(parts))


def _needs(parts: tuple[Requirement, ...]) -> tuple[Need, ...]:
    if not parts:
        msg = "name at least one requirement"
        raise ValueError(msg)
    return tuple(cast("Any", part).need for part in parts)


def _host_of(parts: tuple[Requirement, ...]) -> GuardHost | None:
    """Return the Gatepost that requirements are bound to: one for all of them."""
    hosts = {id(host): host for host in (cast("Any", part).host for part in parts)}
    if len(hosts) > 1:
        msg = "these requirements are bound to different Gateposts: make them all with the same gate.require"
        raise ValueError(msg)
    return cast("GuardHost | None", next(iter(hosts.values())))


current_principal = PrincipalGuard()
optional_principal = PrincipalGuard(is_optional=True)
current_user = UserGuard()
optional_user = UserGuard(is_optional=True)

CurrentPrincipal = Annotated[Principal, Depends(current_principal)]
OptionalPrincipal = Annotated[Principal | None, Depends(optional_principal)]
