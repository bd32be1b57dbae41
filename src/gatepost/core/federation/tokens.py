"""What providers let the application do there: kept sealed, for code alone, and only where the settings say so.

A token is good for its provider's own resources and says nothing here. It never leaves by HTTP and stands in no log.
What could go wrong is that several renew one at once: a refresh token may be good once, and the provider would take
the second use for theft. So one statement leases the row, and whoever does not win waits for who did.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, String, Uuid, and_, bindparam, case, delete, func, or_, select, update

from gatepost.core.federation.redeemed import ProviderTokens, RefreshRefused
from gatepost.core.identities.errors import ProviderTokenGone
from gatepost.crypto.sealed import is_current, seal, unseal
from gatepost.kernel.errors import Unavailable
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database
from gatepost.storage.schema import identity, provider_token
from gatepost.storage.statement import Statement, store_now_ms
from gatepost.storage.unit_of_work import UnitOfWork

EARLY_MS = 60_000  # what is left of a token must outlive the request that it is for
LEASE_MS = 60_000  # longer than two readings of its metadata and its answer take (`outbound.client.TIMEOUT_S` each)
_POLL_S, _PATIENCE_S = 0.1, 65.0
_PAGE = 100

_id = bindparam("identity_id", type_=Uuid)
_issuer = bindparam("issuer", type_=String)
_sealed = bindparam("sealed", type_=provider_token.c.sealed.type)
_generation = bindparam("generation", type_=BigInteger)
_lifetime = bindparam("lifetime_ms", type_=BigInteger)
_expiry = case((_lifetime > 0, store_now_ms() + _lifetime), else_=None)
_is_same = and_(provider_token.c.identity_id == _id, provider_token.c.generation == _generation)
_read = Statement(
    select(
        provider_token.c.identity_id,
        provider_token.c.sealed,
        provider_token.c.generation,
        or_(
            provider_token.c.expires_at.is_(None),
            provider_token.c.expires_at > store_now_ms() + bindparam("early_ms", EARLY_MS, type_=BigInteger),
        ),
    )
    .select_from(provider_token.join(identity, identity.c.id == provider_token.c.identity_id))
    .where(
        identity.c.user_id == bindparam("user_id", type_=Uuid),
        identity.c.provider == bindparam("provider", type_=String),
        or_(_issuer.is_(None), identity.c.issuer == _issuer),
    )
    .order_by(func.coalesce(identity.c.used_at, 0).desc())
    .limit(1)
)
_stored = Statement(select(provider_token.c.sealed).where(provider_token.c.identity_id == _id))
_keep = Statement(
    lambda dialect_insert: (
        row := dialect_insert(provider_token).values(
            identity_id=_id, sealed=_sealed, generation=0, expires_at=_expiry, leased_until=0
        )
    ).on_conflict_do_update(
        index_elements=[provider_token.c.identity_id],
        set_={
            "sealed": row.excluded.sealed,
            "expires_at": row.excluded.expires_at,
            "generation": provider_token.c.generation + 1,
            "leased_until": 0,
        },
    )
)
_lease = Statement(
    update(provider_token)
    .where(_is_same, provider_token.c.leased_until <= store_now_ms())
    .values(leased_until=store_now_ms() + bindparam("lease_ms", LEASE_MS, type_=BigInteger))
    .returning(provider_token.c.identity_id)
)
_give_back = Statement(update(provider_token).where(_is_same).values(leased_until=0))
_replace = Statement(
    update(provider_token)
    .where(_is_same)
    .values(sealed=_sealed, expires_at=_expiry, generation=provider_token.c.generation + 1, leased_until=0)
    .returning(provider_token.c.identity_id)
)
_forget = Statement(delete(provider_token).where(_is_same))
_forget_all = Statement(delete(provider_token).where(provider_token.c.identity_id == _id))
_page = Statement(
    select(provider_token.c.identity_id, provider_token.c.sealed)
    .where(provider_token.c.identity_id > bindparam("after", type_=Uuid))
    .order_by(provider_token.c.identity_id)
    .limit(bindparam("page_size", _PAGE, type_=BigInteger))
)
_reseal = Statement(
    update(provider_token)
    .where(
        provider_token.c.identity_id == _id,
        provider_token.c.sealed == bindparam("old", type_=provider_token.c.sealed.type),
    )
    .values(sealed=_sealed)
    .returning(provider_token.c.identity_id)
)

Refresh = Callable[[str, str], Awaitable[ProviderTokens]]  # a provider's name and a refresh token


@dataclass(frozen=True, slots=True, repr=False)
class _Kept:
    """A row as it was read."""

    user_id: uuid.UUID
    identity_id: uuid.UUID
    tokens: ProviderTokens
    generation: int
    is_good: bool


class KeptTokens:
    """The tokens of providers that one Gatepost keeps.

    Args:
        database: where.
        keys: to seal them with.
        refresh: asks a provider for the next ones; raises RefreshRefused where it takes the refresh token no more.
    """

    def __init__(self, database: Database, keys: PurposeKeys, refresh: Refresh) -> None:
        self._database = database
        self._keys = keys
        self._refresh = refresh
        self._running: set[asyncio.Task[str]] = set()

    async def keep(self, work: UnitOfWork, identity_id: uuid.UUID, tokens: ProviderTokens) -> None:
        """Keep what a provider gave, in the transaction of the sign-in or link that it came with.

        Many give a refresh token with the first consent alone: what is there already stays good.
        """
        if tokens.refresh_token is None and (rows := await work.run(_stored, identity_id=identity_id)):
            tokens = replace(tokens, refresh_token=self._opened(identity_id, rows[0][0]).refresh_token)
        await work.run(_keep, identity_id=identity_id, **self._values(identity_id, tokens))

    async def forget(self, work: UnitOfWork, identity_id: uuid.UUID) -> None:
        """Forget what was kept while the settings said so."""
        await work.run(_forget_all, identity_id=identity_id)

    async def of(self, user_id: uuid.UUID, provider: str, *, issuer: str | None = None) -> str:
        """Return an access token that is good now, renewed where it has to be.

        Args:
            user_id: whose.
            provider: its name.
            issuer: whose tokens they have to be, where the name has one: what an issuer gave is told to no other.

        Raises:
            ProviderTokenGone: there is none, or the provider takes no refresh token for it any more.
            Unavailable: somebody else renews it and does not finish.
            AuthError: the provider does not answer.
        """
        deadline = self._database.clock.boottime() + _PATIENCE_S
        while True:
            kept = await self._read(user_id, provider, issuer)
            if kept.is_good:
                return kept.tokens.access_token
            if kept.tokens.refresh_token is None:
                raise ProviderTokenGone
            place = {"identity_id": kept.identity_id, "generation": kept.generation}
            if (await self._database.hot.run((_lease, place)))[0]:
                return await self._unbroken(self._renew(kept, provider, issuer, kept.tokens.refresh_token))
            if self._database.clock.boottime() > deadline:
                raise Unavailable("a provider's token is being renewed elsewhere")
            await asyncio.sleep(_POLL_S)

    async def reseal(self) -> int:
        """Seal everything under the current secret; return how many were changed."""
        count, after = 0, uuid.UUID(int=0)
        while rows := await self._database.hot.read(_page, {"after": after}):
            for identity_id, sealed in rows:
                if not is_current(self._keys, bytes(sealed)):
                    raw = unseal(self._keys, bytes(sealed), context=_context(identity_id))
                    fresh = seal(self._keys, raw, context=_context(identity_id))
                    values = {"identity_id": identity_id, "old": sealed, "sealed": fresh}
                    count += len((await self._database.hot.run((_reseal, values)))[0])
            after = rows[-1][0]
        return count

    async def _read(self, user_id: uuid.UUID, provider: str, issuer: str | None) -> _Kept:
        values = {"user_id": user_id, "provider": provider, "issuer": issuer}
        rows = await self._database.hot.read(_read, values)
        if not rows:
            raise ProviderTokenGone
        identity_id, sealed, generation, is_good = rows[0]
        return _Kept(user_id, identity_id, self._opened(identity_id, sealed), generation, bool(is_good))

    async def _renew(self, kept: _Kept, provider: str, issuer: str | None, refresh_token: str) -> str:
        run, place = self._database.hot.run, {"identity_id": kept.identity_id, "generation": kept.generation}
        try:
            fresh = await self._refresh(provider, refresh_token)
        except RefreshRefused:
            await run((_forget, place))
            raise ProviderTokenGone from None
        except BaseException:
            await run((_give_back, place))
            raise
        fresh = replace(
            fresh, refresh_token=fresh.refresh_token or refresh_token, scope=fresh.scope or kept.tokens.scope
        )
        while not (await run((_replace, {**place, **self._values(kept.identity_id, fresh)})))[0]:
            now = await self._read(kept.user_id, provider, issuer)  # a sign-in has come between
            if now.identity_id != kept.identity_id or now.tokens.refresh_token != refresh_token:
                break  # and has brought tokens of its own
            place["generation"] = now.generation
        return fresh.access_token

    async def _unbroken(self, renewal: Coroutine[Any, Any, str]) -> str:
        """Let a renewal end, whatever becomes of who asked: what the provider has answered would be lost."""
        task = asyncio.create_task(renewal)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    def _values(self, identity_id: uuid.UUID, tokens: ProviderTokens) -> dict[str, object]:
        members = {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "scope": tokens.scope,
        }
        sealed = seal(self._keys, json.dumps(members).encode(), context=_context(identity_id))
        return {"sealed": sealed, "lifetime_ms": max(0, tokens.expires_in or 0) * 1000}

    def _opened(self, identity_id: uuid.UUID, sealed: bytes) -> ProviderTokens:
        return ProviderTokens(**json.loads(unseal(self._keys, bytes(sealed), context=_context(identity_id))))


def _context(identity_id: uuid.UUID) -> str:
    return f"provider-token:{identity_id}"


__all__ = ["KeptTokens", "ProviderTokenGone"]
