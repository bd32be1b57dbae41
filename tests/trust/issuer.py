"""An issuer of its own name, over TLS: metadata, keys that change, and signed tokens, good or not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gatepost.crypto.jwk import VerifiedAlgorithm
from tests.crypto.vectors import b64
from tests.outbound.origin import NAME, Origin, Speech, Town, document, serving

KEYS = "/keys"
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


@dataclass(frozen=True)
class Signer:
    """A private key of somebody else, of any algorithm that is verified here."""

    kid: str
    algorithm: VerifiedAlgorithm
    key: Any

    def jwk(self, **more: object) -> dict[str, Any]:
        public = {name: value for name, value in self.key.as_dict(private=False).items() if name != "kid"}
        return {**public, "kid": self.kid, "alg": self.algorithm, "use": "sig", **more}

    def sign(self, header: Mapping[str, object] | bytes, claims: Mapping[str, object] | bytes) -> str:
        message = f"{b64(header)}.{b64(claims)}"
        name = {"EdDSA": "Ed25519"}.get(self.algorithm, self.algorithm)
        primitive = cast("Any", JWSRegistry(algorithms=[name]).get_alg(name))
        return f"{message}.{b64(primitive.sign(message.encode(), self.key))}"

    def token(self, claims: Mapping[str, object], **header: object) -> str:
        members = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT", **header}
        return self.sign({name: value for name, value in members.items() if value != "absent"}, claims)


@cache
def signer(kid: str = "one", algorithm: VerifiedAlgorithm = "ES256") -> Signer:
    """Return a key that is made once for each name and algorithm."""
    if algorithm == "EdDSA":
        return Signer(kid, algorithm, OKPKey.generate_key("Ed25519"))
    if algorithm in _CURVES:
        return Signer(kid, algorithm, ECKey.generate_key(_CURVES[algorithm]))
    return Signer(kid, algorithm, RSAKey.generate_key(2048))


@dataclass
class Issuer:
    """One that is asked for what it says of itself and for its keys."""

    origin: Origin
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.origin.url

    def say(self, **changes: object) -> None:
        """Say something else of itself; None takes a member away."""
        self.metadata = {name: value for name, value in {**self.metadata, **changes}.items() if value is not None}
        self.origin.answers["/.well-known/openid-configuration"] = document(self.metadata)

    def publish(self, *keys: Signer | dict[str, Any]) -> None:
        self.answer(document({"keys": [key.jwk() if isinstance(key, Signer) else key for key in keys]}))

    def answer(self, answer: bytes | Speech) -> None:
        """Answer whoever asks for the keys with this."""
        self.origin.answers[KEYS] = answer

    @property
    def asked(self) -> int:
        """How often somebody asked for the keys."""
        return self.origin.asked[KEYS]

    def hold(self) -> asyncio.Event:
        """Answer with what is published now, but only when this is set."""
        held, answer = asyncio.Event(), self.origin.answers[KEYS]
        assert isinstance(answer, bytes)

        async def later(writer: asyncio.StreamWriter) -> None:
            await held.wait()
            writer.write(answer)
            await writer.drain()

        self.answer(later)
        return held


@asynccontextmanager
async def issuing(town: Town, *, name: str = NAME) -> AsyncIterator[Issuer]:
    """Run an issuer with one key."""
    async with serving(context=town.certificate(name), name=name) as origin:
        made = Issuer(origin)
        made.say(
            issuer=origin.url,
            authorization_endpoint=f"{origin.url}/authorize",
            token_endpoint=f"{origin.url}/token",
            jwks_uri=f"{origin.url}{KEYS}",
        )
        made.publish(signer())
        yield made
