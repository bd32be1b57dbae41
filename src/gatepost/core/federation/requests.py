"""Authorization requests: begun in one browser, answered once, there and nowhere else.

`state` is the row's id under a key, so that nobody can make one up; the cookie of the browser that began is the same id
under another key, so that an answer which somebody else's browser brings (login CSRF, RFC 6819, section 4.4.1.8) is
refused. `consume` is one statement: of an answer that comes twice, one goes on.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from gatepost.core.federation import store
from gatepost.core.federation.domain import (
    KEPT_MS,
    REQUEST_MS,
    Answer,
    Asked,
    Begun,
    Pending,
    RequestKind,
    cookie_of,
)
from gatepost.core.federation.errors import StateRefused
from gatepost.core.federation.providers import Providers
from gatepost.crypto.sealed import SealBroken, seal, unseal
from gatepost.kernel.ids import uuid7
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import AuthorizationValues, mint_authorization, read_state
from gatepost.storage.database import Database
from gatepost.storage.statement import Row


class Requests:
    """The authorization requests of one Gatepost."""

    def __init__(self, database: Database, keys: PurposeKeys, providers: Providers) -> None:
        self._database = database
        self._keys = keys
        self._providers = providers

    async def begin(self, asked: Asked) -> Begun:
        """Begin a request, and say where its browser goes.

        Raises:
            NotFound: there is no such provider.
            ProviderUnavailable: it does not say where to go.
        """
        provider = self._providers.get(asked.provider)
        values = mint_authorization(self._keys, uuid7(self._database.clock.now_ms()))
        location = await provider.authorization_url(values, prompt=asked.prompt, max_age=asked.max_age)
        row: Mapping[str, Any] = {
            "request_id": values.request_id,
            "provider": asked.provider,
            "kind": asked.kind.value,
            "return_to": asked.return_to,
            "error_to": asked.error_to,
            "redirect_uri": asked.redirect_uri,
            "client_state": asked.client_state,
            "code_challenge": asked.code_challenge,
            "scope": asked.scope,
            "max_age": asked.max_age,
            "user_id": asked.user_id,
            "session_id": asked.session_id,
            "lifetime_ms": REQUEST_MS,
        }
        await self._database.hot.run((store.begin, row))
        return Begun(location=location, cookie=cookie_of(values.state), browser=values.browser)

    def authentic(self, state: str) -> AuthorizationValues:
        """Return the values of the request that a state was made for here.

        Raises:
            StateRefused: it was not.
        """
        values = read_state(self._keys, state)
        if values is None:
            raise StateRefused("unknown")
        return values

    async def look(self, provider: str, values: AuthorizationValues, browser: str | None) -> Pending:
        """Return a request that waits for its answer in this browser.

        Args:
            provider: by whose name the answer came.
            values: from `authentic`.
            browser: what the cookie of the request holds; None where there is none.

        Raises:
            StateRefused: it does not wait (any more), or began in another browser.
        """
        if browser is None or not hmac.compare_digest(browser.encode(), values.browser.encode()):
            raise StateRefused("other_browser")
        row = {"request_id": values.request_id, "provider": provider}
        return _only(await self._database.hot.read(store.look, row), values)

    async def consume(self, provider: str, values: AuthorizationValues) -> Pending:
        """Take the answer of a request: of several at once, one wins.

        Raises:
            StateRefused: somebody else did.
        """
        row = {"request_id": values.request_id, "provider": provider}
        return _only((await self._database.hot.run((store.consume, row)))[0], values)

    async def park(self, provider: str, values: AuthorizationValues, posted: Mapping[str, str]) -> None:
        """Keep what a provider had posted until the browser comes with its cookies: a foreign page's post has none.

        The first one stays. One that is too late is not kept: who comes next finds that out.
        """
        wanted = {"code", "error", "iss", *self._providers.get(provider).policy.preset.posted}
        kept = {name: value for name, value in posted.items() if name in wanted}
        sealed = seal(self._keys, json.dumps(kept).encode(), context=_context(values))
        step = (store.park, {"request_id": values.request_id, "provider": provider, "sealed": sealed})
        await self._database.hot.run(step)

    def parked(self, pending: Pending) -> Answer | None:
        """Return what was posted; None where nothing was.

        Raises:
            StateRefused: it cannot be opened (the secret was changed meanwhile).
        """
        if pending.parked is None:
            return None
        try:
            opened = unseal(self._keys, pending.parked, context=_context(pending.values))
        except SealBroken:
            raise StateRefused("sealed") from None
        return Answer.of(json.loads(opened), was_posted=True)


async def prune_requests(database: Database) -> int:
    """Delete what expired an hour ago; return how many."""
    rows: list[Row] = (await database.hot.run((store.prune, {"kept_ms": KEPT_MS})))[0]
    return len(rows)


def _only(rows: list[Row], values: AuthorizationValues) -> Pending:
    if not rows:
        raise StateRefused("used_or_expired")
    return _pending(rows[0], values)


def _pending(row: Row, values: AuthorizationValues) -> Pending:
    _, provider, kind, return_to, error_to, redirect_uri, client_state, max_age, user_id, session_id, parked, at = row
    return Pending(
        values=values,
        provider=provider,
        kind=RequestKind(kind),
        return_to=return_to,
        error_to=error_to,
        redirect_uri=redirect_uri,
        client_state=client_state,
        max_age=max_age,
        user_id=user_id,
        session_id=session_id,
        parked=parked,
        asked_at=at,
    )


def _context(values: AuthorizationValues) -> str:
    return f"gatepost_federation.parked:{values.request_id}"
