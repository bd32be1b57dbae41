"""Following the revocations of a Gatepost server, so that what ended there is refused here within a stated bound.

The server says everything that is over, then each change, and beats that prove how old all this is (`freshness.py`).
It never fails open: before the first beat, after an outage, a refusal, a lie or a step of this machine's clock there is
no answer but 503. See `docs/revocations.md`.
"""

import asyncio
import base64
import contextlib
import logging
import secrets
from random import uniform
from urllib.parse import quote_plus

from gatepost.kernel.changes import Change, ChangeIndex, ChangeKind
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.principal import Principal
from gatepost.kernel.revocations import MAX_LINE_BYTES, Beat, Event, Malformed, Part, Snapshot
from gatepost.kernel.tasks import end_tasks
from gatepost.outbound import Outbound, OutboundFailed
from gatepost.trust.event_lines import EventLines
from gatepost.trust.freshness import Untrue
from gatepost.trust.issuer import IssuerUnavailable, TrustedIssuer
from gatepost.trust.known_revocations import KnownRevocations, Reading

MIN_BOUND_S, MAX_BOUND_S = 2.0, 50.0
WAIT_S = 1.5
_BEGINS_WITHIN_S, _PART_WITHIN_S = 4.0, 10.0
_LONGEST_S = 300.0
_PAUSE_S, _REFUSED_PAUSE_S = 2.0, 10.0
_READINGS = 2  # of keys: another process of the server may answer, which has not heard of the change yet
_KEYS_MATTER = frozenset({ChangeKind.KEYS, ChangeKind.GAP})
_log = logging.getLogger("gatepost.trust")
_CURES = {
    401: "it does not know this client, or not by this secret: name both in GATEPOST_INTROSPECTION_CLIENTS there",
    403: "something before it refuses us: let GET of its revocations through",
    404: "it has no such address: is its Gatepost current, and does a proxy pass the address on?",
}


class Revocations:
    """What is no longer good at one Gatepost server, and how old that knowledge is.

    Args:
        issuer: the server; its metadata says where the stream is.
        outbound: to ask it.
        clock: this machine's.
        credentials: how the server knows us, and the secret that proves it.
        bound: seconds after which what is known is not relied on.

    Raises:
        ConfigurationError: the bound cannot be kept, or is none.
    """

    def __init__(
        self,
        issuer: TrustedIssuer,
        outbound: Outbound,
        clock: Clock,
        credentials: tuple[str, str],
        *,
        bound: float,
    ) -> None:
        if not MIN_BOUND_S <= bound <= MAX_BOUND_S:
            msg = f"revocation_bound must be from {MIN_BOUND_S:g} to {MAX_BOUND_S:g} seconds"
            raise ConfigurationError(msg)
        self._known = KnownRevocations(clock, bound)
        self._issuer = issuer
        self._outbound = outbound
        self._clock = clock
        pair = ":".join(map(quote_plus, credentials))  # RFC 6749, section 2.3.1
        self._authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._bound = bound
        self._silence = bound / 2  # a connection that says nothing is replaced before the bound has passed
        self._lifetime = min(_LONGEST_S, 60 * bound)  # clocks drift
        self._down_since: float | None = None
        self._said = ""
        self._asking: asyncio.Task[None] | None = None
        self._keys_may_have_changed = asyncio.Event()

    @property
    def index(self) -> ChangeIndex:
        """What is over."""
        return self._known.index

    def is_fresh(self) -> bool:
        """Whether what is known may be relied on for a request that arrives now; costs a microsecond."""
        return self._known.is_fresh()

    async def freshen(self) -> None:
        """Wait a moment for a beat that makes it fresh; everybody who waits shares it.

        Raises:
            IssuerUnavailable: there is none.
        """
        try:
            async with asyncio.timeout(0 if self._is_down() else WAIT_S):
                await self._known.becomes_fresh()
        except TimeoutError:
            raise IssuerUnavailable("its revocations are not known well enough", retry_after=1) from None

    def refuses(self, principal: Principal) -> bool:
        """Whether its session is over, or that of the administrator who acts as its user."""
        return self._known.refuses(principal)

    async def run(self) -> None:
        """Follow the server, until cancelled; whatever happens, try again."""
        failures = 0
        try:
            while True:
                before = self._known.freshness.proved_at
                pause = await self._follow_once()
                failures = 0 if self._known.freshness.proved_at > before else min(failures + 1, 10)
                if self._down_since is None:
                    self._down_since = self._clock.boottime()
                await asyncio.sleep(uniform(0.5, 1) * min(pause, 0.05 * 2**failures))  # noqa: S311 - no secret
        finally:
            await end_tasks([self._asking] if self._asking is not None else [])

    async def _follow_once(self) -> float:
        """Read one stream to its end; return for how long to pause at most, where one after the other fails."""
        try:
            await self._follow()
        except OutboundFailed as failure:
            self._say_failure(failure)
            return _PAUSE_S if failure.status is None else _REFUSED_PAUSE_S
        except (IssuerUnavailable, Malformed, Untrue) as error:
            self._say(logging.WARNING, str(error))
        except TimeoutError:
            self._say(logging.WARNING, "nothing new was said in time")
        except Exception:  # noqa: BLE001 - whoever waits for it would be refused for ever
            _log.exception("following the revocations of %s failed", self._issuer.url)
        return _PAUSE_S

    async def _follow(self) -> None:
        """Read one stream, until it ends or has lasted long enough."""
        url = (await self._issuer.metadata()).gatepost_revocations
        if url is None:
            raise IssuerUnavailable("it offers no revocations, and this service was told to follow them")
        nonce, loop = secrets.token_urlsafe(16), asyncio.get_running_loop()
        asked = f"{url}{'&' if '?' in url else '?'}nonce={nonce}"
        headers = {"Authorization": self._authorization, "Accept": "text/event-stream", "Cache-Control": "no-store"}
        sent = self._clock.boottime()
        ends_at = sent + self._lifetime * uniform(0.8, 1)  # noqa: S311 - no secret
        events, reading = EventLines(), Reading(self._known, issuer=self._issuer.url, sent=sent, nonce=nonce)
        async with (
            asyncio.timeout(_BEGINS_WITHIN_S) as limit,
            self._outbound.stream(asked, headers, limit=MAX_LINE_BYTES, idle=_PART_WITHIN_S) as lines,
        ):
            async for line in lines:
                event = events.feed(line)
                if event is None:
                    continue
                reading.take(event)
                self._note(event)
                if isinstance(event, Snapshot | Part):
                    limit.reschedule(loop.time() + _PART_WITHIN_S)
                elif isinstance(event, Beat) and self.is_fresh():
                    limit.reschedule(loop.time() + self._silence)
                if self._clock.boottime() >= ends_at:
                    return

    def _note(self, event: Event) -> None:
        """Do what follows from an event that was taken."""
        if isinstance(event, Beat):
            if self._known.is_behind():
                self._say(logging.CRITICAL, "this machine's clock is more than a minute behind: set it (NTP)")
            elif self.is_fresh():
                self._down_since = None
                self._say(logging.INFO, "followed")
        elif isinstance(event, Snapshot) or (isinstance(event, Change) and event.kind in _KEYS_MATTER):
            self._ask_for_keys()

    def _is_down(self) -> bool:
        return self._down_since is not None and self._clock.boottime() - self._down_since > WAIT_S

    def _ask_for_keys(self) -> None:
        """Read the issuer's keys anew, behind what is going on: one may have been removed while nobody listened."""
        self._keys_may_have_changed.set()
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._read_keys())

    async def _read_keys(self) -> None:
        """Read them by requests that are begun after the last word of a change: at once, and a bound later."""
        left = _READINGS
        while left > 0:
            self._keys_may_have_changed.clear()
            try:
                await self._renew_keys()
                left, pause = left - 1, self._bound
            except (IssuerUnavailable, OutboundFailed):  # it is told where keys are held
                left, pause = _READINGS, self._issuer.jwks.policy.retry
            if left > 0 or self._keys_may_have_changed.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._keys_may_have_changed.wait()
                        left = _READINGS

    async def _renew_keys(self) -> None:
        uri = (await self._issuer.metadata()).jwks_uri
        if uri is not None:
            await self._issuer.jwks.renew(uri)

    def _say_failure(self, failure: OutboundFailed) -> None:
        cure = _CURES.get(failure.status or 0)
        level = logging.WARNING if cure is None else logging.CRITICAL
        self._say(level, str(failure) if cure is None else f"{failure}; {cure}")

    def _say(self, level: int, what: str) -> None:
        """Log what is so now, once."""
        if what != self._said:
            self._said = what
            _log.log(level, "revocations of %s: %s", self._issuer.url, what)
