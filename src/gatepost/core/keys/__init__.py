"""The keys that sign access tokens: made at first start, sealed, rotated without a single 401."""

from gatepost.core.keys.domain import KeyPolicy, KeyRow, KeyState
from gatepost.core.keys.keyring import Keyring

__all__ = ["KeyPolicy", "KeyRow", "KeyState", "Keyring"]
