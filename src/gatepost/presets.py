"""What a host describes a provider of its own with (`docs/providers.md`)."""

from gatepost.core.federation.account import Account, AccountRefused, number_in, text_in
from gatepost.core.federation.preset import Ask, Endpoints, Options, Preset, Said

__all__ = [
    "Account",
    "AccountRefused",
    "Ask",
    "Endpoints",
    "Options",
    "Preset",
    "Said",
    "number_in",
    "text_in",
]
