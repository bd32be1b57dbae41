"""Signing in with others: providers by settings alone, several at once.

What could go wrong: a provider in clear, a secret that is missing, an application's address that takes codes for
anybody. None of them starts.
"""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.federation.policy import FederationPolicy, ProviderPolicy
from gatepost.core.federation.preset import Preset
from gatepost.core.federation.presets import NAMES, preset
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.place import PlaceSettings, is_loopback

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\.[a-z0-9+.-]*[a-z0-9]")  # RFC 8252, section 7.1: a domain in reverse
Text = Annotated[str, Field(min_length=1, max_length=500)]


class ProviderSettings(BaseModel):
    """One provider; see `docs/social.md`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    preset: Text | None = None
    issuer: Text | None = None
    client_id: Text
    client_secret: SecretStr | None = None
    client_authentication: Literal["auto", "client_secret_basic", "client_secret_post", "none"] = "auto"
    label: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    scopes: tuple[Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,200}$")], ...] = ()
    keep_tokens: bool = False
    sign_up: bool = True
    link_by_address: bool = True
    dangerously_trusts_email: bool = False
    base_url: Text | None = None
    tenant: Text | None = None
    team_id: Text | None = None
    key_id: Text | None = None
    private_key: SecretStr | None = None


class FederationSettings(PlaceSettings):
    """Signing in with others."""

    providers: dict[str, ProviderSettings] = Field(default={})
    redirect_uris: tuple[str, ...] = ()
    outbound_dangerously_reaches_loopback: bool = False

    def federation_policy(self) -> FederationPolicy:
        """Return whom people may sign in with.

        Raises:
            ConfigurationError: one of them cannot work, or would not be safe.
        """
        public_url = self.checked_public_url()
        return FederationPolicy(
            providers={name: self._provider(name, one) for name, one in self.providers.items()},
            redirect_uris=tuple(
                _checked_redirect_uri(uri, is_production=self.is_production) for uri in self.redirect_uris
            ),
            callback_base=f"{public_url}{self.prefix}/callback/",
            public_url=public_url,
            return_origins=frozenset(origin.rstrip("/") for origin in self.trusted_origins),
        )

    def _provider(self, name: str, one: ProviderSettings) -> ProviderPolicy:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"GATEPOST_PROVIDERS: {name!r} is no name: letters, digits, - and _, 32 at most")
        try:
            kind = preset(one.preset or (name if name in NAMES else "oidc"))
        except LookupError as error:
            raise ConfigurationError(f"GATEPOST_PROVIDERS: {name}: {error}") from None
        return ProviderPolicy(
            name=name,
            preset=kind,
            issuer=self._issuer(name, one, kind),
            client_id=one.client_id,
            client_secret=one.client_secret.get_secret_value() if one.client_secret else None,
            label=one.label or (kind.label if kind.name != "oidc" else name.capitalize()),
            scopes=one.scopes or kind.scopes,
            keeps_tokens=one.keep_tokens,
            signs_up=one.sign_up,
            links_by_address=one.link_by_address,
            trusts_email=one.dangerously_trusts_email,
            authentication=one.client_authentication,
            base_url=one.base_url,
            tenant=one.tenant,
            team_id=one.team_id,
            key_id=one.key_id,
            private_key=one.private_key.get_secret_value() if one.private_key else None,
        )

    def _issuer(self, name: str, one: ProviderSettings, kind: Preset) -> str:
        issuer = one.issuer or kind.issuer
        if issuer is None:
            raise ConfigurationError(f"GATEPOST_PROVIDERS: {name} needs its issuer, the URL that its tokens name")
        parts = urlsplit(issuer)
        is_local = self.outbound_dangerously_reaches_loopback and not self.is_production and is_loopback(parts.hostname)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise ConfigurationError(f"GATEPOST_PROVIDERS: the issuer of {name} must be an https URL")
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise ConfigurationError(f"GATEPOST_PROVIDERS: the issuer of {name} must be a plain https URL")
        return issuer


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
