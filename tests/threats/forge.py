"""A forger with everything that the public can have, and for some forgeries with the server's own key."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from gatepost.crypto.jwt import TokenKey, generate_key, load_key
from tests.threats.lab import Lab

Json = Mapping[str, Any] | bytes


def b64(content: Json) -> str:
    """Return base64url without padding (RFC 7515, section 2)."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token."""
    head, body, _ = token.split(".")
    return _read(head), _read(body)


def _read(segment: str) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return members


class Forger:
    """Makes tokens from a good one.

    Args:
        lab: whose key signs what is rightly signed.
        token: a good access token, which names a living session.
    """

    def __init__(self, lab: Lab, token: str) -> None:
        self.header, self.claims = parts_of(token)
        self.ours = lab.gate.core.keyring.signer()
        self.own: TokenKey = load_key(generate_key("ES256"))
        self.jwks = lab.gate.core.keyring.jwks()["keys"][0]

    def signed(self, header: Mapping[str, Any] | None = None, claims: Mapping[str, Any] | None = None) -> str:
        """Sign rightly, with the server's key; None takes a member away."""
        return self._sign(self.ours, _merge(self.header, header), _merge(self.claims, claims))

    def self_signed(self, **header: Any) -> str:  # noqa: ANN401 - any header
        """Sign with the forger's own key."""
        return self._sign(self.own, _merge(self.header, header), self.claims)

    def raw(self, header: Json, body: Json) -> str:
        """Sign whatever this is with the server's key."""
        return self._sign(self.ours, header, body)

    def unsigned(self, algorithm: str, signature: str = "") -> str:
        """Return a token that says it needs no signature."""
        return f"{b64({**self.header, 'alg': algorithm})}.{b64(self.claims)}.{signature}"

    def mac(self, secret: bytes, **header: Any) -> str:  # noqa: ANN401 - any header
        """Return a token whose signature is a MAC under something public."""
        message = f"{b64(_merge(self.header, {'alg': 'HS256', **header}))}.{b64(self.claims)}"
        return f"{message}.{b64(hmac.digest(secret, message.encode(), hashlib.sha256))}"

    def _sign(self, key: TokenKey, header: Json, claims: Json) -> str:
        message = f"{b64(header)}.{b64(claims)}"
        return f"{message}.{b64(key.signature_of(message.encode()))}"


def _merge(members: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**members, **(changes or {})}.items() if value is not None}
