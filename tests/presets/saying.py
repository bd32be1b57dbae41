"""What a provider says, without the provider."""

import secrets
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gatepost.core.federation.policy import ProviderPolicy
from gatepost.core.federation.preset import Account, Said
from gatepost.settings.providers import ProviderSettings, provider_policy

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT = "0aa9c46d-7e03-4e39-8b2c-a0a4f1b9d001"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"


def apple_key(curve: ec.EllipticCurve | None = None) -> str:
    """Return a new private key as Apple hands it out."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


WHAT_EACH_NEEDS: dict[str, dict[str, Any]] = {
    "google": {"client_secret": "hush"},
    "github": {"client_secret": "hush"},
    "gitlab": {"client_secret": "hush"},
    "discord": {"client_secret": "hush"},
    "microsoft": {"client_secret": "hush", "tenant": TENANT},
    "apple": {"team_id": "TEAM123456", "key_id": "KEY1234567", "private_key": apple_key()},
    "oidc": {"client_secret": "hush", "issuer": "https://id.house.test"},
}


def provider(name: str, *, reaches_loopback: bool = False, **changes: Any) -> ProviderPolicy:  # noqa: ANN401 - settings
    """Return a provider as sound settings make it, with changes; a change to None leaves a setting out."""
    preset = changes.get("preset") or name
    values = {"client_id": "the-client", **WHAT_EACH_NEEDS.get(preset, {}), **changes}
    one = ProviderSettings(**{key: value for key, value in values.items() if value is not None})
    return provider_policy(name, one, reaches_loopback=reaches_loopback)


async def account(of: ProviderPolicy, *, posted: Any = None, more: Any = None, **claims: Any) -> Account:  # noqa: ANN401 - JSON
    """Return the account that these claims make; `more` is what it answers when it is asked."""
    asked: list[str] = []

    async def ask(url: str) -> Any:  # noqa: ANN401 - JSON
        asked.append(url)
        return more

    issuer = of.preset.issuer_of(claims) if of.preset.issuer_of else of.issuer
    assert issuer is not None
    return await of.preset.read(Said(issuer=issuer, claims=claims, posted=posted or {}, ask=ask))


def some_id() -> str:
    return secrets.token_hex(8)
