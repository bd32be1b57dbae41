"""Where this Gatepost stands: the environment, the address that people use, the proxies before it."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.group import Group

_LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]", "testserver"}


def is_loopback(host: str | None) -> bool:
    """Whether a host's name means this machine."""
    return host in _LOOPBACK


class PlaceSettings(Group):
    """The place."""

    env: Literal["production", "development"] = "production"
    public_url: str | None = None
    prefix: str = "/auth"
    trusted_origins: tuple[str, ...] = ()
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    unguarded_routes: Literal["allow", "warn", "refuse"] = "allow"
    open_paths: tuple[Annotated[str, Field(pattern=r"^/[^/?#]")], ...] = ()
    cookie_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = "gatepost"

    @field_validator("prefix")
    @classmethod
    def _prefix_is_a_path(cls, value: str) -> str:
        if not value.startswith("/") or value.endswith("/") or "{" in value:
            msg = "begins with a slash and does not end with one, for example /auth"
            raise ValueError(msg)
        return value

    @property
    def is_production(self) -> bool:
        """Whether unsafe settings are refused."""
        return self.env == "production"

    def origin(self) -> str:
        """Return the public origin (scheme, host, port) without a path."""
        parts = urlsplit(self.checked_public_url())
        return f"{parts.scheme}://{parts.netloc}"

    def checked_public_url(self) -> str:
        """Return the public URL without a trailing slash.

        Raises:
            ConfigurationError: none in production, or one that does not fit the environment.
        """
        url = (self.public_url or ("" if self.is_production else "http://localhost:8000")).rstrip("/")
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not parts.scheme or not host or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
            msg = "set GATEPOST_PUBLIC_URL to the address that people use, for example https://example.com"
            raise ConfigurationError(msg)
        if self.is_production and parts.scheme != "https":
            msg = (
                "GATEPOST_PUBLIC_URL must be https in production; for work on this machine set GATEPOST_ENV=development"
            )
            raise ConfigurationError(msg)
        if not self.is_production and not is_loopback(host):
            msg = f"GATEPOST_ENV=development refuses the public URL {url}: unset it, or use GATEPOST_ENV=production"
            raise ConfigurationError(msg)
        return url
