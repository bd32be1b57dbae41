"""What the web layer is told by settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Unguarded = Literal["allow", "warn", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardPolicy:
    """What every guard has to know; times in seconds.

    Attributes:
        prefix: where our routes are; "" where there are none.
        public_origin: scheme, host and port that people use; the only source of our own address.
        trusted_origins: other origins whose pages may call us with cookies.
        trusted_proxies: how many proxies of ours stand before this process.
        session_cookie: its name; None where no cookie is read.
        fresh: how long ago a recent sign-in may be.
        unguarded_routes: what a start does about a route that neither is guarded nor says that it is open.
        open_paths: paths of the application that are meant to be open, with everything below them.
        resource_metadata: where it is said who issues tokens for this API (RFC 9728); None where it is not.
    """

    prefix: str
    public_origin: str
    trusted_origins: frozenset[str]
    trusted_proxies: int
    session_cookie: str | None
    fresh: int
    unguarded_routes: Unguarded = "allow"
    open_paths: tuple[str, ...] = ()
    resource_metadata: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPolicy(GuardPolicy):
    """Addresses, cookies and switches of a Gatepost; times in seconds.

    Attributes:
        public_path: what follows the origin where a proxy gives us only a part of the site; "" for the whole.
        is_secure: the public address is https, so cookies are Secure and `__Host-`.
    """

    public_path: str
    is_secure: bool
    session_cookie: str
    refresh_cookie: str
    device_cookie: str
    flow_cookie: str
    session_max_age: int
    jwks_max_age: int
    is_development: bool
    scopes: tuple[str, ...]
    password_grant: bool
    password_min_length: int
    introspection_clients: Mapping[str, str] = field(repr=False)
