"""Introspection (RFC 7662): what an opaque token is, asked of its issuer once and remembered for a short time.

What goes wrong: everybody who sends rubbish makes this server ask; a token that was ended lives on in a cache; an
issuer that is down, or that refuses us, is taken for one that says yes.
"""

import asyncio
import base64
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import AuthError, NotAuthenticated
from gatepost.kernel.tasks import end_tasks
from gatepost.outbound import Outbound, OutboundFailed
from gatepost.trust.issuer import IssuerUnavailable

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{1,4096}=*")  # RFC 6750, section 2.1
_MAX_AT_ONCE = 64
_MAX_REMEMBERED = 20_000
_TIMEOUT_S = 5.0
_log = logging.getLogger("gatepost.trust")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectionPolicy:
    """How long an answer is believed, in seconds, and never beyond the token's own end.

    Attributes:
        age: of one that says that a token is good.
        key_age: of one that says that an API key of a Gatepost server is good.
        refused_age: of one that says that something is not.
    """

    age: float = 30.0
    key_age: float = 5.0
    refused_age: float = 5.0


class Introspection:
    """Asks one issuer about opaque tokens.

    Args:
        outbound: to ask.
        clock: for ages.
        endpoint: returns where, or None where the issuer has no such endpoint.
        credentials: what this API is called there, and its secret.
        policy: how long answers are believed.
    """

    def __init__(
        self,
        outbound: Outbound,
        clock: Clock,
        endpoint: Callable[[], Awaitable[str | None]],
        credentials: tuple[str, str],
        policy: IntrospectionPolicy,
    ) -> None:
        self.policy = policy
        self._outbound = outbound
        self._clock = clock
        self._endpoint = endpoint
        # RFC 6749, section 2.3.1: both are encoded before they are joined.
        pair = ":".join(quote_plus(part) for part in credentials)
        self._authorization = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._is_down = False
        self._refused: dict[str, float] = {}
        self._asked: dict[str, tuple[float, asyncio.Task[Mapping[str, Any] | AuthError]]] = {}

    async def claims(self, token: str) -> tuple[Mapping[str, Any], float]:
        """Return what the issuer says of a token that is good, and when it was asked, by the clock of ages.

        Whoever asks meanwhile shares the answer, which is thereby older than their question.

        Raises:
            NotAuthenticated: it is not.
            IssuerUnavailable: nobody says, or too many ask at once.
        """
        if not _TOKEN.fullmatch(token):
            raise NotAuthenticated("malformed")
        if self._clock.boottime() < self._refused.get(token, 0.0):
            raise NotAuthenticated("inactive")
        if token not in self._asked:
            if len(self._asked) >= _MAX_AT_ONCE:
                raise IssuerUnavailable("too many tokens are asked about at once")
            self._asked[token] = self._clock.boottime(), (task := asyncio.create_task(self._ask(token)))
            task.add_done_callback(lambda _: self._asked.pop(token, None))
        asked_at, task = self._asked[token]
        answer = await asyncio.shield(task)
        if isinstance(answer, AuthError):
            raise answer
        return answer, asked_at

    async def close(self) -> None:
        """Stop asking."""
        await end_tasks([task for _, task in self._asked.values()])

    async def _ask(self, token: str) -> Mapping[str, Any] | AuthError:
        """Return claims, or why there are none: a failure is an answer too, so that nobody has to wait for it."""
        try:
            endpoint = await self._endpoint()
        except IssuerUnavailable as error:
            return error
        if endpoint is None:
            return NotAuthenticated("opaque")
        fields = {"token": token, "token_type_hint": "access_token"}
        try:
            sent = self._outbound.post_form(
                endpoint, fields, {"Authorization": self._authorization}, timeout=_TIMEOUT_S
            )
            document = (await sent).require().json()
        except OutboundFailed as failure:
            if not self._is_down:  # of an outage, its beginning is told
                _log.error(
                    "introspection fails: %s; where it answers 401, look at client_id and client_secret", failure
                )
            self._is_down = True
            return IssuerUnavailable(f"introspection: {failure}")
        self._is_down = False
        # RFC 7662, section 2.2: a boolean; nothing that only looks like yes.
        if document.get("active") is not True:
            self._remember_refused(token)
            return NotAuthenticated("inactive")
        return document

    def _remember_refused(self, token: str) -> None:
        if len(self._refused) >= _MAX_REMEMBERED:
            del self._refused[next(iter(self._refused))]
        self._refused[token] = self._clock.boottime() + self.policy.refused_age
