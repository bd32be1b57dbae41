"""The keys of an issuer (RFC 7517), held in memory, read ahead of need, and kept through its outages for a stated time.

What goes wrong with such a set: it lies (a page for people with status 200, a secret among public keys, two keys of
one name), it is slow or gone, it never forgets a key, and whoever sends tokens with made-up key names makes everybody
ask it again. So: what is no key set changes nothing; a set that is one is believed whole, also if it is empty; a name
that is not known is asked for once in a while and by one request; and after the stated time nothing is accepted.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gatepost.crypto.jwk import KeyRefused, TokenKey, load_public_key
from gatepost.kernel.clock import Clock
from gatepost.outbound import Outbound, OutboundFailed
from gatepost.trust.flight import Flight

MAX_KEYS = 100
_LIMIT = 262_144
_TIMEOUT_S = 5.0
_TENANT = "[0-9a-f-]{36}"  # a GUID
_NONE: Mapping[str, TokenKey] = MappingProxyType({})
_log = logging.getLogger("gatepost.trust")


@dataclass(frozen=True, slots=True, kw_only=True)
class JwksPolicy:
    """How long keys are held, in seconds.

    Attributes:
        refresh: they are read again in the background when they are this old, and waited for when twice as old.
        outage: an issuer that does not answer is believed for this long after its last answer.
        pause: between two readings for names that are not known.
        retry: between two readings while the issuer fails.
    """

    refresh: float = 300.0
    outage: float = 86_400.0
    pause: float = 30.0
    retry: float = 5.0


class JsonWebKeys:
    """The keys of one issuer.

    Args:
        outbound: to read them.
        clock: their age is that of a clock which counts the machine's sleep.
        policy: how long they are held.
    """

    def __init__(self, outbound: Outbound, clock: Clock, policy: JwksPolicy | None = None) -> None:
        self.policy = policy or JwksPolicy()
        self._outbound = outbound
        self._clock = clock
        self._uri = ""
        self._keys: Mapping[str, TokenKey] = _NONE
        self._issuers: Mapping[str, AbstractSet[str]] = {}
        self._version = 0
        self._read_at: float | None = None  # when the last good answer was asked for
        self._asked_at: float | None = None  # when the last name that was not known was asked for
        self._failed_at: float | None = None  # since the last good answer
        self._failure: OutboundFailed | None = None
        self._flight = Flight(self._read)

    @property
    def keys(self) -> Mapping[str, TokenKey]:
        """The keys that are believed now, by `kid`."""
        self._expire()
        return self._keys

    @property
    def version(self) -> int:
        """Grows whenever a key is not believed any more, or another one is: who remembers tokens forgets them then."""
        self._expire()
        return self._version

    @property
    def may_have_moved(self) -> bool:
        """Whether somebody answered at their address, and not with keys."""
        return self._failure is not None and self._failure.reason in {"status", "content"}

    def keys_of(self, issuer: str) -> Mapping[str, TokenKey]:
        """Return the keys that may sign for this issuer: without those that say they are another one's."""
        return {kid: key for kid, key in self.keys.items() if _is_one_of(self._issuers.get(kid), issuer)}

    async def freshen(self, uri: str) -> None:
        """Read the set now; whoever asks meanwhile shares the answer.

        Raises:
            OutboundFailed: there was no answer, or one that is no key set; the keys stay as they are.
        """
        self._uri = uri
        await self._flight.join()
        if self._failure is not None:
            raise OutboundFailed(self._failure.reason, status=self._failure.status)

    async def renew(self, uri: str) -> None:
        """Read the set by a request that is begun after this call: one that is under way may not know of a change.

        Raises:
            OutboundFailed: as for `freshen`.
        """
        if self._flight.is_under_way:
            await self._flight.join()
        await self.freshen(uri)

    async def current(self, uri: str) -> Mapping[str, TokenKey]:
        """Return the keys, read again where they are old: behind the answer, or before it where they are very old.

        While the issuer fails nobody waits for it, as long as there are keys.

        Raises:
            OutboundFailed: there are none, and there was no answer.
        """
        self._expire()
        if self._read_at is None:
            if self._has_just_failed() and self._failure is not None:
                raise OutboundFailed(self._failure.reason, status=self._failure.status)
            await self.freshen(uri)
            return self._keys
        age = self._clock.boottime() - self._read_at
        if age > self.policy.refresh and not self._has_just_failed():
            self._uri = uri
            self._flight.start()
            if age > 2 * self.policy.refresh and self._failed_at is None:
                await self._flight.join()
        return self.keys

    async def having(self, uri: str, kid: str, *, is_from_issuer: bool = False) -> TokenKey | None:
        """Return the key of a name; one that is not known is looked for at the issuer, once in a while.

        Args:
            uri: of the set.
            kid: the name.
            is_from_issuer: the issuer itself has just said it, over TLS: it is looked for whatever names strangers
                have made up before.

        Raises:
            OutboundFailed: there are no keys at all, and there was no answer.
        """
        asked_at = self._clock.boottime()
        key = (await self.current(uri)).get(kid)
        if key is not None or (self._read_at is not None and self._read_at >= asked_at):
            return key
        if is_from_issuer or self._asked_at is None or asked_at - self._asked_at >= self.policy.pause:
            self._asked_at = self._asked_at if is_from_issuer else asked_at
            self._uri = uri
            await self._flight.join()
        elif self._flight.is_under_way:  # it may bring the key: of all that come with a new key, none is refused
            await self._flight.join()
        return self.keys.get(kid)

    async def close(self) -> None:
        """Stop reading."""
        await self._flight.end()

    async def _read(self) -> None:
        asked_at = self._clock.boottime()
        try:
            answer = await self._outbound.get(self._uri, limit=_LIMIT, timeout=_TIMEOUT_S)
            document = answer.require().json()
            keys = read_keys(document)
        except OutboundFailed as failure:
            if self._failed_at is None:  # of an outage, its beginning is told
                _log.warning("keys of an issuer cannot be read: %s", failure)
            self._failure, self._failed_at = failure, self._clock.boottime()
        else:
            self._failure = self._failed_at = None
            self._read_at = asked_at
            self._replace(keys, _issuers(document))

    def _has_just_failed(self) -> bool:
        return self._failed_at is not None and self._clock.boottime() - self._failed_at < self.policy.retry

    def _replace(self, keys: Mapping[str, TokenKey], issuers: Mapping[str, AbstractSet[str]]) -> None:
        if (_published(keys), issuers) != (_published(self._keys), self._issuers):
            self._keys, self._issuers = MappingProxyType(dict(keys)), issuers
            self._version += 1

    def _expire(self) -> None:
        if self._read_at is not None and self._clock.boottime() - self._read_at > self.policy.outage:
            _log.error("an issuer has not answered for too long: its keys are not believed any more")
            self._read_at = None
            self._replace(_NONE, {})


def read_keys(document: Mapping[str, Any]) -> dict[str, TokenKey]:
    """Return the keys of a set that can be used here, by `kid`; one without a name gets one.

    Raises:
        OutboundFailed: it is no key set.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS or not all(isinstance(each, dict) for each in listed):
        raise OutboundFailed("content")
    found: dict[str, TokenKey] = {}
    disputed: set[str] = set()
    for jwk in listed:
        try:
            key = load_public_key(jwk, kid=None if "kid" in jwk else _made_up(jwk))
        except KeyRefused:
            continue  # for encryption, a secret, or of a kind that is not verified here
        if key.kid in found and found[key.kid].public_jwk() != key.public_jwk():
            disputed.add(key.kid)
        found[key.kid] = key
    return {kid: key for kid, key in found.items() if kid not in disputed}


def _issuers(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return by `kid` whose key it is, where the set says so, as Microsoft's does for all of its tenants."""
    found: dict[str, set[str]] = {}
    for jwk in document["keys"]:
        kid, issuer = jwk.get("kid"), jwk.get("issuer")
        if isinstance(kid, str) and isinstance(issuer, str):
            found.setdefault(kid, set()).add(issuer)
    return found


def _is_one_of(patterns: AbstractSet[str] | None, issuer: str) -> bool:
    return patterns is None or any(_is(pattern, issuer) for pattern in patterns)


def _is(pattern: str, issuer: str) -> bool:
    before, several, after = pattern.partition("{tenantid}")
    return bool(re.fullmatch(re.escape(before) + (_TENANT if several else "") + re.escape(after), issuer))


def _made_up(jwk: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(jwk, sort_keys=True).encode()).hexdigest()


def _published(keys: Mapping[str, TokenKey]) -> dict[str, dict[str, str] | None]:
    return {kid: key.public_jwk() for kid, key in keys.items()}
