"""Asking a k-anonymity service whether a password was stolen: it learns 20 bits of the hash, never the password.

What goes wrong with such a service: it is down, it is slow, it sends something else or without end, it redirects. All
of that is one outcome, `RangeUnavailable`, within a bounded time and memory. After some failures in a row it is left
alone for a while, so that an outage does not slow every sign-up. It may be a host of one's own network: who operates
this server has named it, and nobody else can.
"""

import hashlib
import re

from gatepost.core.passwords.errors import RangeUnavailable
from gatepost.kernel.clock import Clock
from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy

_PREFIX = 5
_MAX_BYTES = 1024 * 1024  # an answer has about 60 KiB
_LINE = re.compile(rb"([0-9A-Fa-f]{35}):([0-9]{1,12})")
_FAILURES, _PAUSE_S = 3, 30.0
_HEADERS = {"Accept": "text/plain", "Add-Padding": "true"}


class RangeService:
    """One service.

    Args:
        url: what the first five digits of a hash follow.
        timeout: seconds that one question may take altogether.
        clock: for the pause after failures.
    """

    def __init__(self, url: str, timeout: float, clock: Clock) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._clock = clock
        self._failures = 0
        self._again_at = 0.0
        # The settings decide whether it may be asked in clear: on this machine, for development.
        self._outbound = Outbound(OutboundPolicy(allows_private=True, allows_http=url.startswith("http:")))

    async def holds(self, password: str) -> bool:
        """Tell whether the service has the password in its collection.

        Raises:
            RangeUnavailable: there was no answer, or none that can be believed.
        """
        if not self._may_ask():
            raise RangeUnavailable("it failed before and is left alone for a while")
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            found = _counts(await self._fetch(digest[:_PREFIX]))
        except RangeUnavailable:
            self._failed()
            raise
        self._failures = 0
        return found.get(digest[_PREFIX:].encode(), 0) > 0  # padding has a count of 0

    async def close(self) -> None:
        """Close its connections."""
        await self._outbound.close()

    async def _fetch(self, prefix: str) -> bytes:
        url = f"{self._url}/{prefix}"
        try:
            answer = await self._outbound.get(url, _HEADERS, limit=_MAX_BYTES, timeout=self._timeout)
            return answer.require().body
        except OutboundFailed as failure:
            raise RangeUnavailable("it is too slow" if failure.reason == "timeout" else str(failure)) from None

    def _may_ask(self) -> bool:
        if self._failures < _FAILURES:
            return True
        now = self._clock.boottime()
        if now < self._again_at:
            return False
        self._again_at = now + _PAUSE_S  # this one tries; the others go without until it has an answer
        return True

    def _failed(self) -> None:
        self._failures += 1
        self._again_at = self._clock.boottime() + _PAUSE_S


def _counts(body: bytes) -> dict[bytes, int]:
    """Return how often each suffix was seen.

    Raises:
        RangeUnavailable: it is not such a list, or an empty one, which no prefix has.
    """
    lines = [_LINE.fullmatch(line.rstrip(b"\r")) for line in body.rstrip().split(b"\n")]
    if any(line is None for line in lines):
        raise RangeUnavailable("its answer is not a list of hashes")
    return {line[1].upper(): int(line[2]) for line in lines if line is not None}
