"""Tokens seen for the first time, in process: `python -m benchmarks.harness.sight module:app`."""

import sys
import warnings
from statistics import median
from time import perf_counter
from urllib.parse import urlencode

import uvloop
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey

from benchmarks.harness import identity
from benchmarks.harness.client import parse_json
from benchmarks.harness.inprocess import Caller, nothing_more
from benchmarks.harness.worker import pin, serve


class Sight:
    """One session whose access tokens are measured."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._refresh_token = ""

    async def prepare(self) -> None:
        """Sign up and in."""
        await identity.register(self._caller.send, "gatepost", 0)
        self._refresh_token = (await identity.tokens(self._caller.send, "gatepost", 0))["refresh_token"]

    async def batch(self, tokens: int, algorithm: str) -> dict[str, float]:
        """Return median µs: of a request with a new token, of its repetition, of the bare signature check."""
        minted = [await self._mint() for _ in range(tokens)]
        await self._request(minted.pop())  # the route is warm, the others stay unseen
        first = [await self._request(token) for token in minted]
        cached = [await self._request(token) for token in minted]
        key = make_key(algorithm)
        resigned = [resign(token, key, algorithm) for token in minted]
        verify(resigned[0], key, algorithm)
        bare = [verify(token, key, algorithm) for token in resigned]
        return {"first": median(first), "cached": median(cached), "bare": median(bare)}

    async def _mint(self) -> str:
        form = urlencode({"grant_type": "refresh_token", "refresh_token": self._refresh_token}).encode()
        answer = await self._caller.send("POST", identity.DIALECTS["gatepost"].token, identity.FORM, form)
        fields: dict[str, str] = parse_json(identity.expect(answer, 200))
        self._refresh_token = fields["refresh_token"]
        return fields["access_token"]

    async def _request(self, token: str) -> float:
        scope = self._caller.scope("GET", identity.ITEM, {"authorization": f"Bearer {token}"})
        statuses = []

        async def hear(message: dict[str, object]) -> None:
            statuses.append(message.get("status"))

        begin = perf_counter()
        await self._caller.app(scope, nothing_more, hear)
        took = perf_counter() - begin
        if statuses[0] != 200:
            raise ValueError(f"answer {statuses[0]}")
        return took * 1e6


def make_key(algorithm: str) -> Key:
    """Return a new key for the algorithm."""
    if algorithm == "HS256":
        return OctKey.generate_key(256)
    return ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")


def resign(token: str, key: Key, algorithm: str) -> str:
    """Return a token of the same header and claims under a key that we know."""
    parsed = jws.extract_compact(token.encode())
    header = parsed.headers()
    if header["alg"] != algorithm:
        raise ValueError(f"the token is signed by {header['alg']}")
    return jws.serialize_compact(header, parsed.payload, key, algorithms=[algorithm])


def verify(token: str, key: Key, algorithm: str) -> float:
    """Return the µs of joserfc's signature check."""
    begin = perf_counter()
    jws.deserialize_compact(token, key, algorithms=[algorithm])
    return (perf_counter() - begin) * 1e6


async def main() -> None:
    """Answer to `prepare` and `batch`."""
    caller = Caller(sys.argv[1])
    await caller.start()
    sight = Sight(caller)
    await serve({"prepare": sight.prepare, "batch": sight.batch})
    await caller.stop()


if __name__ == "__main__":
    pin()
    warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA; the name is what is measured
    uvloop.run(main())
