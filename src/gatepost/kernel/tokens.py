"""Opaque tokens: a readable prefix and base64url of fixed-width fields, the last of which is a MAC.

A token is parsed strictly: one spelling only (no padding, no white space, canonical last bits), so that a truncated,
extended or case-flipped token is refused before anything is computed over it. The MAC is checked against the row's
salt by whoever has the row; a wrong MAC must have no effect at all, or a stranger could end sessions by guessing.
"""

import base64
import binascii
import hashlib
import hmac
import uuid
from dataclasses import dataclass

from gatepost.kernel.purpose import Purpose, PurposeKeys

_ID_BYTES, _GENERATION_BYTES, _MAC_BYTES = 16, 8, 32
_REFRESH_BYTES = _ID_BYTES + _GENERATION_BYTES + _MAC_BYTES
_COOKIE_BYTES = _ID_BYTES + _MAC_BYTES
REFRESH_PREFIX = "gpr_"
COOKIE_PREFIX = "gpc_"
PROOF_PREFIX = "gpp_"
DEVICE_PREFIX = "gpd_"
FLOW_PREFIX = "gpf_"
STATE_PREFIX = "gps_"
AUTHORIZATION_CODE_PREFIX = "gpa_"
_CODE_DIGITS = 6


class TokenMalformed(ValueError):
    """The text is not a token of this kind; it says nothing about why."""


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    """A refresh token as presented: authentic only after `mac_is_right` said so."""

    session_id: uuid.UUID
    generation: int
    mac: bytes

    def mac_is_right(self, keys: PurposeKeys, salt: bytes) -> bool:
        """Compare the MAC in constant time under every key that may verify."""
        return _matches(
            self.mac, keys.every(Purpose.REFRESH_TOKEN), _refresh_body(self.session_id, self.generation), salt
        )


@dataclass(frozen=True, slots=True, repr=False)
class SessionToken:
    """A session cookie's value as presented: authentic only after `mac_is_right` said so."""

    session_id: uuid.UUID
    mac: bytes

    def mac_is_right(self, keys: PurposeKeys, salt: bytes) -> bool:
        """Compare the MAC in constant time under every key that may verify."""
        return _matches(self.mac, keys.every(Purpose.SESSION_COOKIE), self.session_id.bytes, salt)


def mint_refresh(keys: PurposeKeys, session_id: uuid.UUID, generation: int, salt: bytes) -> str:
    """Return the refresh token of one generation; the same arguments give the same token."""
    body = _refresh_body(session_id, generation)
    return REFRESH_PREFIX + _encode(body + _mac(keys.current(Purpose.REFRESH_TOKEN), body, salt))


def parse_refresh(text: str) -> RefreshToken:
    """Take a refresh token apart.

    Raises:
        TokenMalformed: wrong prefix, length, alphabet or spelling.
    """
    raw = _decode(text, REFRESH_PREFIX, _REFRESH_BYTES)
    generation = int.from_bytes(raw[_ID_BYTES : _ID_BYTES + _GENERATION_BYTES])
    if generation >= 1 << 63:
        raise TokenMalformed
    return RefreshToken(uuid.UUID(bytes=raw[:_ID_BYTES]), generation, raw[-_MAC_BYTES:])


def mint_cookie(keys: PurposeKeys, session_id: uuid.UUID, salt: bytes) -> str:
    """Return the value of a session cookie."""
    return COOKIE_PREFIX + _encode(
        session_id.bytes + _mac(keys.current(Purpose.SESSION_COOKIE), session_id.bytes, salt)
    )


def parse_cookie(text: str) -> SessionToken:
    """Take the value of a session cookie apart.

    Raises:
        TokenMalformed: wrong prefix, length, alphabet or spelling.
    """
    raw = _decode(text, COOKIE_PREFIX, _COOKIE_BYTES)
    return SessionToken(uuid.UUID(bytes=raw[:_ID_BYTES]), raw[-_MAC_BYTES:])


@dataclass(frozen=True, slots=True, repr=False)
class ProofToken:
    """A single-use token from a mail, as presented: authentic only for the purpose whose keys match."""

    proof_id: uuid.UUID
    mac: bytes

    def is_for(self, keys: PurposeKeys, purpose: Purpose) -> bool:
        """Compare the MAC in constant time under every key of one purpose."""
        return _matches(self.mac, keys.every(purpose), self.proof_id.bytes, b"")


def mint_proof(keys: PurposeKeys, purpose: Purpose, proof_id: uuid.UUID) -> str:
    """Return the single-use token of one proof; the same arguments give the same token, so that no row holds it."""
    return PROOF_PREFIX + _encode(proof_id.bytes + _mac(keys.current(purpose), proof_id.bytes, b""))


def parse_proof(text: str) -> ProofToken:
    """Take a single-use token apart.

    Raises:
        TokenMalformed: wrong prefix, length, alphabet or spelling.
    """
    raw = _decode(text, PROOF_PREFIX, _COOKIE_BYTES)
    return ProofToken(uuid.UUID(bytes=raw[:_ID_BYTES]), raw[-_MAC_BYTES:])


def mint_device(keys: PurposeKeys, device_id: uuid.UUID) -> str:
    """Return the value of a device's cookie."""
    return _mint(keys, Purpose.DEVICE, DEVICE_PREFIX, device_id)


def read_device(keys: PurposeKeys, text: str) -> uuid.UUID | None:
    """Return the id in the value of a device's cookie that was minted here, or None: a device proves nothing."""
    return _read(keys, Purpose.DEVICE, DEVICE_PREFIX, text)


def mint_flow(keys: PurposeKeys, flow_id: uuid.UUID) -> str:
    """Return what a client holds that has asked for a sign-in by mail."""
    return _mint(keys, Purpose.SIGN_IN_FLOW, FLOW_PREFIX, flow_id)


def read_flow(keys: PurposeKeys, text: str) -> uuid.UUID | None:
    """Return the id of a sign-in by mail that was asked for here, or None."""
    return _read(keys, Purpose.SIGN_IN_FLOW, FLOW_PREFIX, text)


@dataclass(frozen=True, slots=True, repr=False)
class AuthorizationValues:
    """What belongs to one authorization request, computed from its id under a key for each: no row holds any of it.

    Attributes:
        request_id: of the row.
        state: what the browser brings back from the provider.
        nonce: what the ID token has to say (OpenID Connect Core 1.0, section 3.1.2.1).
        code_verifier: 43 characters (RFC 7636, section 4.1).
        browser: what the cookie of the browser holds that began.
    """

    request_id: uuid.UUID
    state: str
    nonce: str
    code_verifier: str
    browser: str


def mint_authorization(keys: PurposeKeys, request_id: uuid.UUID) -> AuthorizationValues:
    """Return the values of a request that begins."""
    return _authorization(keys, request_id, 0)


def read_state(keys: PurposeKeys, text: str) -> AuthorizationValues | None:
    """Return the values of the request whose state was minted here, under the secret that minted it, or None."""
    try:
        raw = _decode(text, STATE_PREFIX, _COOKIE_BYTES)
    except TokenMalformed:
        return None
    body, mac = raw[:_ID_BYTES], raw[-_MAC_BYTES:]
    for age, key in enumerate(keys.every(Purpose.FEDERATION_STATE)):
        if _matches(mac, (key,), body, b""):
            return _authorization(keys, uuid.UUID(bytes=body), age)
    return None


def mint_authorization_code(keys: PurposeKeys, request_id: uuid.UUID) -> str:
    """Return the code that an application gets for one authorization request."""
    return _mint(keys, Purpose.FEDERATION_CODE, AUTHORIZATION_CODE_PREFIX, request_id)


def read_authorization_code(keys: PurposeKeys, text: str) -> uuid.UUID | None:
    """Return the id of the authorization request that a code was minted for here, or None."""
    return _read(keys, Purpose.FEDERATION_CODE, AUTHORIZATION_CODE_PREFIX, text)


def mint_code(keys: PurposeKeys, purpose: Purpose, proof_id: uuid.UUID) -> str:
    """Return the six digits of one proof, for people who type."""
    return _code(keys.current(purpose), proof_id)


def code_is_right(keys: PurposeKeys, purpose: Purpose, proof_id: uuid.UUID, code: str) -> bool:
    """Compare six digits in constant time under every key of one purpose."""
    given = code.encode("utf-8", "replace")
    return any(hmac.compare_digest(given, _code(key, proof_id).encode()) for key in keys.every(purpose))


def _code(key: bytes, proof_id: uuid.UUID) -> str:
    number = int.from_bytes(_mac(key, proof_id.bytes, b"code")[:8])
    return str(number % 10**_CODE_DIGITS).zfill(_CODE_DIGITS)


def keyed_hash(key: bytes, *parts: str) -> str:
    """Return an unguessable name for something that must not stand in clear (an identifier in a budget's key)."""
    message = b"".join(len(raw).to_bytes(4) + raw for raw in (part.encode() for part in parts))
    return _encode(hmac.digest(key, message, hashlib.sha256)[:18])


def _authorization(keys: PurposeKeys, request_id: uuid.UUID, age: int) -> AuthorizationValues:
    """Return the values under the current secret (`age` 0) or one before it."""

    def mac(purpose: Purpose) -> bytes:
        return _mac(keys.every(purpose)[age], request_id.bytes, b"")

    return AuthorizationValues(
        request_id=request_id,
        state=STATE_PREFIX + _encode(request_id.bytes + mac(Purpose.FEDERATION_STATE)),
        nonce=_encode(mac(Purpose.FEDERATION_NONCE)),
        code_verifier=_encode(mac(Purpose.FEDERATION_VERIFIER)),
        browser=_encode(mac(Purpose.FEDERATION_BROWSER)),
    )


def _mint(keys: PurposeKeys, purpose: Purpose, prefix: str, subject: uuid.UUID) -> str:
    return prefix + _encode(subject.bytes + _mac(keys.current(purpose), subject.bytes, b""))


def _read(keys: PurposeKeys, purpose: Purpose, prefix: str, text: str) -> uuid.UUID | None:
    try:
        raw = _decode(text, prefix, _COOKIE_BYTES)
    except TokenMalformed:
        return None
    body, mac = raw[:_ID_BYTES], raw[-_MAC_BYTES:]
    return uuid.UUID(bytes=body) if _matches(mac, keys.every(purpose), body, b"") else None


def _refresh_body(session_id: uuid.UUID, generation: int) -> bytes:
    return session_id.bytes + generation.to_bytes(_GENERATION_BYTES)


def _mac(key: bytes, body: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, body + salt, hashlib.sha256)


def _matches(mac: bytes, keys: tuple[bytes, ...], body: bytes, salt: bytes) -> bool:
    return any(hmac.compare_digest(mac, _mac(key, body, salt)) for key in keys)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str, prefix: str, width: int) -> bytes:
    body = text.removeprefix(prefix)
    if len(body) == len(text) or len(body) != (width * 4 + 2) // 3 or not body.isascii():
        raise TokenMalformed
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenMalformed from None
    if _encode(raw) != body:  # two spellings of one token would be two cache keys for one secret
        raise TokenMalformed
    return raw
