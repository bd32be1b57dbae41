"""Signing in with others: providers by settings alone, several at once.

What could go wrong: a provider in clear, a secret that is missing, an application's address that takes codes for
anybody. None of them starts.
"""

import re
from urllib.parse import urlsplit

from pydantic import Field

from gatepost.core.federation.policy import FederationPolicy
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.outbound import OutboundSettings
from gatepost.settings.place import is_loopback
from gatepost.settings.providers import ProviderSettings, provider_policy

_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\.[a-z0-9+.-]*[a-z0-9]")  # RFC 8252, section 7.1: a domain in reverse


class FederationSettings(OutboundSettings):
    """Signing in with others."""

    providers: dict[str, ProviderSettings] = Field(default={})
    redirect_uris: tuple[str, ...] = ()

    def federation_policy(self) -> FederationPolicy:
        """Return whom people may sign in with.

        Raises:
            ConfigurationError: one of them cannot work, or would not be safe.
        """
        public_url = self.checked_public_url()
        reaches_loopback = self.outbound_dangerously_reaches_loopback and not self.is_production
        return FederationPolicy(
            providers={
                name: provider_policy(name, one, reaches_loopback=reaches_loopback)
                for name, one in self.providers.items()
            },
            redirect_uris=tuple(
                _checked_redirect_uri(uri, is_production=self.is_production) for uri in self.redirect_uris
            ),
            callback_base=f"{public_url}{self.prefix}/callback/",
            public_url=public_url,
            return_origins=frozenset(origin.rstrip("/") for origin in self.trusted_origins),
        )


def _checked_redirect_uri(uri: str, *, is_production: bool) -> str:
    """Return where an application has its codes sent (RFC 6749, section 3.1.2; RFC 8252, section 7).

    Raises:
        ConfigurationError: it could be somebody else's.
    """
    parts = urlsplit(uri)
    is_plain = "#" not in uri and "@" not in parts.netloc and "*" not in uri and not any(c.isspace() for c in uri)
    is_local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"}
    is_own = parts.scheme == "http" and not is_production and is_loopback(parts.hostname)
    is_web = parts.scheme == "https" and bool(parts.hostname)
    if is_plain and (is_web or is_local or is_own or (not parts.netloc and _PRIVATE_SCHEME.fullmatch(parts.scheme))):
        return uri
    raise ConfigurationError(
        f"GATEPOST_REDIRECT_URIS: {uri!r} must be https, http://127.0.0.1/…, or a private scheme (com.example.app:/cb)"
    )
