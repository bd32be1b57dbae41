"""The audit trail, its retention, and who else is told."""

import base64
import binascii
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gatepost.core.audit.pruning import AuditPolicy
from gatepost.core.webhooks.domain import EVENTS, Endpoint, WebhookPolicy
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.place import PlaceSettings

_DAY_S = 86_400
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)  # as Standard Webhooks has it


class WebhookSetting(BaseModel):
    """One endpoint: `url`, `secret`, `previous_secret` while receivers change over, `events` (all if not given)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr
    secret: SecretStr
    previous_secret: SecretStr | None = None
    events: tuple[str, ...] = ()


class AuditSettings(PlaceSettings):
    """The audit trail and webhooks."""

    audit_retention: Annotated[int, Field(ge=0)] = 400 * _DAY_S
    webhooks: tuple[WebhookSetting, ...] = ()
    webhooks_reach_private_networks: bool = False

    def audit_policy(self) -> AuditPolicy:
        """Return how long the trail is kept.

        Raises:
            ConfigurationError: less than a day in production: more likely a mistake of units than a wish.
        """
        if self.is_production and 0 < self.audit_retention < _DAY_S:
            msg = "GATEPOST_AUDIT_RETENTION is in seconds: keep the trail for a day (86400) at least, or 0 for ever"
            raise ConfigurationError(msg)
        return AuditPolicy(retention_ms=self.audit_retention * 1000 or None)

    def webhook_policy(self) -> WebhookPolicy:
        """Return who is told.

        Raises:
            ConfigurationError: an address, a secret or an event that cannot be.
        """
        return WebhookPolicy(
            endpoints=tuple(self._endpoint(number, one) for number, one in enumerate(self.webhooks, 1)),
            allows_private=self.webhooks_reach_private_networks,
            allows_http=not self.is_production,
        )

    def _endpoint(self, number: int, one: WebhookSetting) -> Endpoint:
        url = one.url.get_secret_value()
        if not _is_address(url, {"https"} if self.is_production else {"https", "http"}):
            msg = f"GATEPOST_WEBHOOKS: the url of endpoint {number} must be https, without a name before its host"
            raise ConfigurationError(msg)
        if unknown := sorted(set(one.events) - EVENTS):
            msg = f"GATEPOST_WEBHOOKS: endpoint {number} asks for unknown events: {', '.join(unknown)[:200]}"
            raise ConfigurationError(msg)
        secrets = [one.secret, *([one.previous_secret] if one.previous_secret else [])]
        return Endpoint(url, tuple(_key(number, each.get_secret_value()) for each in secrets), frozenset(one.events))


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # no port that there is
        return False


def _key(number: int, text: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not text.startswith(_PREFIX) or len(raw) not in _SECRET_BYTES:
        msg = f"GATEPOST_WEBHOOKS: the secrets of endpoint {number} are whsec_ and base64 of 24 to 64 random bytes"
        raise ConfigurationError(msg)
    return raw
