"""Keys derived from the one secret, one for each purpose (RFC 5869, HKDF with SHA-256).

A token is bound to what it is for by the key that made it: a reset link is never an access token, because the
key of the one does not verify the other. `previous` verifies and unseals after the secret was changed; only the
current one mints and seals.
"""

import hashlib
import hmac
from enum import StrEnum
from functools import cache

MIN_SECRET_BYTES = 32


class Purpose(StrEnum):
    """The closed set of things that a derived key is for. A name is never changed or reused."""

    REFRESH_TOKEN = "refresh-token"  # noqa: S105 - the name of a purpose
    SESSION_COOKIE = "session-cookie"
    THROTTLE_KEY = "throttle-key"
    SEAL = "seal"
    MAILBOX = "mailbox"
    PROOF_VERIFY_EMAIL = "proof-verify-email"
    PROOF_CHANGE_EMAIL = "proof-change-email"
    PROOF_RESET_PASSWORD = "proof-reset-password"  # noqa: S105 - the name of a purpose
    PROOF_SIGN_IN = "proof-sign-in"
    PROOF_DISOWN = "proof-disown"
    PROOF_INVITATION = "proof-invitation"
    DEVICE = "device"
    SIGN_IN_FLOW = "sign-in-flow"
    API_KEY = "api-key"
    FEDERATION_STATE = "federation-state"
    FEDERATION_NONCE = "federation-nonce"
    FEDERATION_VERIFIER = "federation-verifier"
    FEDERATION_BROWSER = "federation-browser"
    FEDERATION_CODE = "federation-code"
    AUDIT_CHAIN = "audit-chain"
    FIRST_ADMIN = "first-admin"
    PEPPER = "password-pepper"
    PEPPER_ID = "password-pepper-id"


@cache
def derive(secret: bytes, purpose: Purpose) -> bytes:
    """Return the 32-byte key for one purpose (RFC 5869: extract, then one block of expand)."""
    extracted = hmac.digest(b"gatepost/v1", secret, hashlib.sha256)
    return hmac.digest(extracted, purpose.encode() + b"\x01", hashlib.sha256)


class PurposeKeys:
    """The current secret and the ones before it, from which every purpose has a key of its own."""

    __slots__ = ("_secrets",)

    def __init__(self, current: bytes, previous: tuple[bytes, ...] = ()) -> None:
        self._secrets = (current, *previous)

    def current(self, purpose: Purpose) -> bytes:
        """Return the key that mints and seals."""
        return derive(self._secrets[0], purpose)

    def every(self, purpose: Purpose) -> tuple[bytes, ...]:
        """Return the keys that verify and unseal, the current one first."""
        return tuple(derive(secret, purpose) for secret in self._secrets)

    def __repr__(self) -> str:
        return "PurposeKeys(...)"
