"""One provider, as settings say it, and what of it does not start: what is missing, unsafe, or of no use there."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from gatepost.core.federation.policy import ClientAuthentication, ProviderPolicy
from gatepost.core.federation.preset import Option, Options, Preset, moved, require_options
from gatepost.core.federation.presets import NAMES, preset
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.place import is_loopback

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_PEM = "-----BEGIN "
_MAX_KEY_FILE = 4096
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[!-~]+$")]


class ProviderSettings(BaseModel):
    """One provider; see `docs/providers.md`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    preset: Text | None = None
    issuer: Text | None = None
    client_id: Text | None = None
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
    allowed_tenants: tuple[Text, ...] = ()
    team_id: Text | None = None
    key_id: Text | None = None
    private_key: SecretStr | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any, info: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        return cls.model_fields[info.field_name].default if value == "" else value


def provider_policy(name: str, one: ProviderSettings, *, reaches_loopback: bool) -> ProviderPolicy:
    """Return a provider, ready to be asked.

    Args:
        name: as it stands in our URLs.
        one: what settings say of it.
        reaches_loopback: it may be on this machine, in clear.

    Raises:
        ConfigurationError: it cannot work, or would not be safe; the message says the cure and holds no secret.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"GATEPOST_PROVIDERS: {name[:40]!r} is no name: small letters, digits, - and _, 32 at most"
        )
    try:
        kind = _configured(
            one, preset(one.preset or (name if name in NAMES else "oidc")), reaches_loopback=reaches_loopback
        )
        return _policy(name, one, kind)
    except (LookupError, ConfigurationError) as error:
        raise ConfigurationError(f"GATEPOST_PROVIDERS: {name}: {error}") from None


def _policy(name: str, one: ProviderSettings, kind: Preset) -> ProviderPolicy:
    if kind.issuer is None:
        raise ConfigurationError("set its issuer, the URL that its tokens name")
    if one.client_id is None:
        raise ConfigurationError("set its client_id, which it gives to those who register there")
    if one.dangerously_trusts_email and not kind.proves_addresses:
        raise ConfigurationError(
            "dangerously_trusts_email would let anybody with a tenant or an account there be anybody: leave it out"
        )
    scopes = one.scopes or kind.scopes
    return ProviderPolicy(
        name=name,
        preset=kind,
        issuer=kind.issuer,
        client_id=one.client_id,
        client_secret=_secret(one, kind),
        label=one.label or (kind.label if name == kind.name and name != "oidc" else name.capitalize()),
        scopes=(*scopes, *(each for each in kind.offline_scopes if one.keep_tokens and each not in scopes)),
        keeps_tokens=one.keep_tokens,
        signs_up=one.sign_up,
        links_by_address=one.link_by_address,
        trusts_email=one.dangerously_trusts_email,
        authentication=_authentication(one, kind),
    )


def _configured(one: ProviderSettings, kind: Preset, *, reaches_loopback: bool) -> Preset:
    said: frozenset[Option] = frozenset(option for option in get_args(Option) if getattr(one, option))
    issuer = _checked_url("issuer", one.issuer, reaches_loopback=reaches_loopback)
    base_url = (_checked_url("base_url", one.base_url, reaches_loopback=reaches_loopback) or "").rstrip("/") or None
    if base_url and _is_local(base_url, reaches_loopback=reaches_loopback):  # an emulator of whatever it is
        said -= {"base_url"}
    require_options(kind, said)
    if issuer is not None:
        kind = replace(kind, issuer=issuer)
    if base_url is not None:
        kind = moved(kind, base_url)
    if kind.configured is None:
        return kind
    options = Options(
        client_id=one.client_id or "",
        base_url=base_url,
        tenant=one.tenant,
        allowed_tenants=one.allowed_tenants,
        team_id=one.team_id,
        key_id=one.key_id,
        private_key=_private_key(one.private_key),
    )
    return kind.configured(kind, options)


def _authentication(one: ProviderSettings, kind: Preset) -> ClientAuthentication:
    if kind.authentication is None or one.client_authentication == kind.authentication:
        return one.client_authentication
    if one.client_authentication != "auto":
        raise ConfigurationError(f"{kind.label} knows {kind.authentication} alone: leave client_authentication out")
    return kind.authentication


def _secret(one: ProviderSettings, kind: Preset) -> str | None:
    secret = one.client_secret.get_secret_value() if one.client_secret else None
    if not kind.has_client_secret:
        if secret is not None:
            raise ConfigurationError("its client_secret is made from private_key: leave it out")
        return None
    if one.client_authentication == "none":
        if secret is not None:
            raise ConfigurationError("client_authentication is none: leave client_secret out")
        return None
    if secret is None:
        raise ConfigurationError("set its client_secret, or client_authentication=none for a public client")
    if secret != secret.strip() or not secret.isprintable():
        raise ConfigurationError("its client_secret has a space or a line break around it: take that away")
    return secret


def _private_key(value: SecretStr | None) -> str | None:
    """Return the PEM that was given, or what stands in the file that was named."""
    if value is None:
        return None
    text = value.get_secret_value().strip()
    if text.startswith(_PEM):
        return text.replace("\\n", "\n")  # as it stands in one line of a file of variables
    try:
        with Path(text).open(encoding="ascii") as file:
            return file.read(_MAX_KEY_FILE)
    except (OSError, ValueError):
        raise ConfigurationError("the file that private_key names cannot be read: see its path and its owner") from None


def _is_local(url: str, *, reaches_loopback: bool) -> bool:
    return reaches_loopback and is_loopback(urlsplit(url).hostname)


def _checked_url(what: str, url: str | None, *, reaches_loopback: bool) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"its {what} must be a plain https URL") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(url, reaches_loopback=reaches_loopback)):
        raise ConfigurationError(f"its {what} must be an https URL")
    if not parts.hostname or not port_is_good or "@" in parts.netloc or "?" in url or "#" in url or "\\" in url:
        raise ConfigurationError(f"its {what} must be a plain https URL")
    return url
