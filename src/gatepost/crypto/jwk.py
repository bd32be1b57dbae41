"""Signing keys as JSON Web Keys (RFC 7517; RFC 7518, section 6; RFC 8037), loaded once and bound to one algorithm.

What goes wrong in systems of this kind is that the token chooses how it is verified: an RSA public key is taken for an
HMAC secret, or "none" for a signature. Here the algorithm is a property of the key, decided when the key is loaded.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never, get_args

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gatepost.crypto import base64url

Algorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]
# What others sign with is verified, and never signed with: none of it would make our own tokens better.
VerifiedAlgorithm = Literal[
    "HS256", "RS256", "ES256", "EdDSA", "RS384", "RS512", "PS256", "PS384", "PS512", "ES384", "ES512"
]

_MAX_KID = 128
_MIN_SECRET_BYTES = 32  # RFC 7518, section 3.2: at least as long as the hash
_RSA_BITS = range(2048, 8193)  # below: RFC 7518, section 3.3; above: one check would cost milliseconds
_RSA_EXPONENT_BITS = range(2, 65)  # likewise
_PUBLIC = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y"), "OKP": ("kty", "crv", "x")}
# By key type and curve; the first one where a key does not name its algorithm.
_ALGORITHMS_OF: dict[tuple[object, object], tuple[VerifiedAlgorithm, ...]] = {
    ("oct", None): ("HS256",),
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
# RFC 9864 names the curve, so that Ed448 cannot slip in; on the wire the name stays the one of RFC 8037.
_JOSERFC_NAME = {"EdDSA": "Ed25519"}


class KeyRefused(ValueError):
    """The text is not a key that may sign or verify here; the message never holds key material."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TokenKey:
    """A loaded key with the one algorithm that it is for.

    Attributes:
        kid: the name in the token's header.
        algorithm: what the header has to say, too.
    """

    kid: str
    algorithm: VerifiedAlgorithm
    _key: Key
    _primitive: Any  # joserfc's algorithm object, whose key argument is untyped

    @property
    def can_sign(self) -> bool:
        """Whether the private half is here."""
        return bool(self._key.is_private)

    def public_jwk(self) -> dict[str, str] | None:
        """Return what a JWKS may publish, or None for a shared secret."""
        if self.algorithm == "HS256":
            return None
        members = self._key.as_dict(private=False)
        public = {name: str(members[name]) for name in _PUBLIC[self._key.key_type]}  # listed, never filtered
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig"}

    def signature_of(self, message: bytes) -> bytes:
        """Sign these bytes.

        Raises:
            KeyRefused: only the public half is here.
        """
        if not self.can_sign:
            raise KeyRefused("a public key cannot sign")
        signature: bytes = self._primitive.sign(message, self._key)
        return signature

    def signature_is_right(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature over these bytes was made by this key's private half."""
        return bool(self._primitive.verify(message, signature, self._key))

    def __repr__(self) -> str:
        return f"TokenKey(kid={self.kid!r}, algorithm={self.algorithm!r})"


def generate_key(algorithm: Algorithm) -> bytes:
    """Return a new private JWK as JSON, to be sealed; its `kid` is the thumbprint (RFC 7638) of the public half."""
    match algorithm:
        case "HS256":
            # A thumbprint would be a hash of the secret itself: a way to test guesses offline.
            secret = OctKey.generate_key(256)
            return _as_json(secret.as_dict(), secrets.token_urlsafe(16), algorithm)
        case "RS256":
            key: RSAKey | ECKey | OKPKey = RSAKey.generate_key(2048)
        case "ES256":
            key = ECKey.generate_key("P-256")
        case "EdDSA":
            key = OKPKey.generate_key("Ed25519")
        case _:
            assert_never(algorithm)
    return _as_json(key.as_dict(private=True), key.thumbprint(), algorithm)


def load_key(private_jwk: bytes) -> TokenKey:
    """Load a private JWK.

    Raises:
        KeyRefused: not JSON, no private half, of an algorithm or strength that is not used here.
    """
    try:
        jwk = json.loads(private_jwk)
    except (ValueError, RecursionError):
        raise KeyRefused("not a JSON Web Key") from None
    if not isinstance(jwk, dict):
        raise KeyRefused("not a JSON Web Key")
    key = _load(jwk, {name: value for name, value in jwk.items() if name not in {"alg", "use", "key_ops", "kid"}})
    if not key.can_sign:
        raise KeyRefused("the private half is missing")
    if key.algorithm not in get_args(Algorithm):
        raise KeyRefused(f"nothing is signed with {key.algorithm} here")
    return key


def load_public_key(jwk: Mapping[str, Any], *, kid: str | None = None) -> TokenKey:
    """Load a public JWK, as a JWKS publishes it; private members that should not be there are left behind.

    Args:
        jwk: the key.
        kid: its name, in the place of its own.

    Raises:
        KeyRefused: a shared secret, or of an algorithm or strength that is not verified here.
    """
    kty = jwk.get("kty")
    if not isinstance(kty, str) or kty not in _PUBLIC:
        raise KeyRefused("not a public key")
    operations = jwk.get("key_ops", ["verify"])  # RFC 7517, section 4.3
    if not isinstance(operations, list) or "verify" not in operations:
        raise KeyRefused("the key is meant for something else")
    material = {name: jwk[name] for name in _PUBLIC[kty] if name in jwk}
    return _load(jwk if kid is None else {**jwk, "kid": kid}, material)


def _load(jwk: Mapping[str, Any], material: dict[str, Any]) -> TokenKey:
    algorithm = _algorithm(jwk)
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _MAX_KID:
        raise KeyRefused("a key needs a kid of 1 to 128 characters")
    _require_strength(material)
    name = _JOSERFC_NAME.get(algorithm, algorithm)
    primitive = JWSRegistry(algorithms=[name]).get_alg(name)
    try:
        key = JWKRegistry.import_key(material)
        primitive.check_key(key)
    except (JoseError, ValueError, TypeError, KeyError):
        raise KeyRefused("the key's members do not fit together") from None
    return TokenKey(kid, algorithm, key, primitive)


def _algorithm(jwk: Mapping[str, Any]) -> VerifiedAlgorithm:
    kty, crv, named = jwk.get("kty"), jwk.get("crv"), jwk.get("alg")
    try:
        possible = _ALGORITHMS_OF[kty, crv if kty in ("EC", "OKP") else None]
    except (KeyError, TypeError):
        raise KeyRefused(f"no key for any of {', '.join(get_args(VerifiedAlgorithm))}") from None
    algorithm = next((each for each in possible if named in (None, each)), None)
    if algorithm is None or jwk.get("use") not in (None, "sig"):
        raise KeyRefused("the key is meant for something else")
    return algorithm


def _require_strength(material: Mapping[str, Any]) -> None:
    match material["kty"]:
        case "oct":
            if len(_raw(material, "k")) < _MIN_SECRET_BYTES:
                raise KeyRefused("an HS256 key needs at least 32 bytes")
        case "RSA":
            if int.from_bytes(_raw(material, "n")).bit_length() not in _RSA_BITS:
                raise KeyRefused("an RSA key needs 2048 to 8192 bits")
            if int.from_bytes(_raw(material, "e")).bit_length() not in _RSA_EXPONENT_BITS:
                raise KeyRefused("an RSA exponent has 2 to 64 bits")
        case _:  # the curve decides
            pass


def _raw(material: Mapping[str, Any], member: str) -> bytes:
    try:
        return base64url.decode(material[member])
    except (KeyError, AttributeError, ValueError):
        raise KeyRefused("the key's members do not fit together") from None


def _as_json(members: Mapping[str, object], kid: str, algorithm: Algorithm) -> bytes:
    return json.dumps({**members, "kid": kid, "alg": algorithm, "use": "sig"}, separators=(",", ":")).encode()
