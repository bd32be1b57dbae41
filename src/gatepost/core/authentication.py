"""From a credential to its principal, without I/O once it has been seen.

A verified access token and a read session stay in bounded caches; whether they are still good is asked of the change
index at every request. Nothing here knows HTTP. It never fails open: an index that is not fresh is made fresh, or the
request is refused with 503.
"""

import asyncio
import uuid
from collections.abc import Mapping
from functools import partial
from typing import Any, Generic

from gatepost.core.api_keys.flow import ApiKeys
from gatepost.core.known import Held, Known, keep, principal_of_key, principal_of_session
from gatepost.core.sessions import store
from gatepost.core.sessions.domain import SessionKind
from gatepost.core.sessions.flow import Services
from gatepost.core.sessions.tokens import RESERVED
from gatepost.core.users.domain import P, User
from gatepost.core.users.flow import Users
from gatepost.crypto import jwt
from gatepost.kernel.api_keys import API_KEY_PREFIX
from gatepost.kernel.errors import NotAuthenticated, Unavailable
from gatepost.kernel.principal import Actor, Principal
from gatepost.kernel.tokens import TokenMalformed, parse_cookie

_TOUCH_EVERY_MS = 3_600_000
_WATCH_S = 1.0
_TOUCH_AGAIN_S = 60
_LOOK_EVERY_S = 1.0


class Authenticator(Generic[P]):
    """The one place that says whether a credential is good now."""

    def __init__(self, services: Services, users: Users[P], api_keys: ApiKeys) -> None:
        self._services = services
        self._users = users
        self._api_keys = api_keys
        self._feed = services.feed
        self._index = services.feed.index
        self._roles = services.roles
        self._clock = services.database.clock
        self._issuer = services.tokens.issuer
        self._tokens: dict[str, Known] = {}
        self._cookies = Held(self._read_cookie, self._touch, "the session is over")
        self._keys = Held(self._read_key, self._touch_key, "the API key is over")
        self._people: dict[uuid.UUID, tuple[User[P], int]] = {}
        self._kids: set[str] = set()
        self._looked_at = 0.0

    def forget_tokens(self) -> None:
        """Verify every token anew: the keys have changed."""
        self._tokens.clear()

    def forget(self) -> None:
        """Make every principal anew: what roles allow has changed."""
        self._tokens.clear()
        self._cookies.known.clear()
        self._keys.known.clear()

    async def bearer(self, token: str) -> Principal:
        """Return the principal of an access token or of an API key.

        Raises:
            NotAuthenticated: the token is not good, or no longer; `detail` says why, for the log.
            Unavailable: nothing can be decided now.
        """
        if token.startswith(API_KEY_PREFIX):
            return await self._held(self._keys, token)
        if not self._feed.is_fresh():
            await self._feed.freshen()
        if self._roles.is_stale:  # it forgets what it was asked for
            await self._roles.freshen()
        if self._services.keyring.is_stale:  # asked before the cache: what it holds was verified by older keys
            await self._services.keyring.freshen()
            self.forget_tokens()
        now = self._clock.now()
        if not 0 <= now - self._looked_at < _LOOK_EVERY_S:
            self._look_at_keys(now)
        known = self._tokens.get(token)
        if known is None:
            known = await self._verify(token, now)
        principal = known.principal
        if now >= known.expires_at:
            self._tokens.pop(token, None)
            reason = "expired"
            raise NotAuthenticated(reason)
        if self._refuses(principal, known.global_epoch):
            self._tokens.pop(token, None)
            reason = "revoked"
            raise NotAuthenticated(reason)
        return principal

    async def cookie(self, value: str) -> Principal:
        """Return the principal of a session cookie.

        Raises:
            NotAuthenticated: the cookie is not good, or no longer.
            Unavailable: nothing can be decided now.
        """
        return await self._held(self._cookies, value)

    async def _held(self, held: Held, credential: str) -> Principal:
        if not self._feed.is_fresh():
            await self._feed.freshen()
        if self._roles.is_stale:
            await self._roles.freshen()
        known = held.known.get(credential)
        now = self._clock.now()
        if known is not None and now >= known.touch_at and await held.touch(known):
            known = None
        if known is None or not self._is_current(known):
            held.known.pop(credential, None)
            known = await held.read(credential)
            keep(held.known, credential, known)
        principal = known.principal
        if now >= known.expires_at or self._refuses(principal, known.global_epoch):
            held.known.pop(credential, None)
            raise NotAuthenticated(held.reason)
        return principal

    async def user(self, principal: Principal) -> User[P]:
        """Return the row of a principal's user, from memory until the feed says that it changed.

        Raises:
            NotAuthenticated: there is no such user any more, or it is disabled.
        """
        user_id = principal.user_id
        found = self._people.get(user_id)
        if found is not None and self._index.is_current(found[1], user_id):
            return found[0]
        position = self._index.position
        user = await self._users.get(user_id)
        if user is None or user.is_disabled:
            self._people.pop(user_id, None)
            reason = "no such user"
            raise NotAuthenticated(reason)
        keep(self._people, user_id, (user, position))
        return user

    async def is_verified(self, principal: Principal) -> bool:
        """Whether the user's e-mail address is verified."""
        return (await self.user(principal)).email_verified

    def _is_current(self, known: Known) -> bool:
        return self._index.is_current(known.position, known.principal.session_id, known.principal.user_id)

    def _refuses(self, principal: Principal, global_epoch: int) -> bool:
        """Whether its session is over, or that of the administrator who acts as its user."""
        refuses, actor = self._index.refuses, principal.actor
        if refuses(principal.session_id, principal.user_id, principal.epoch, global_epoch):
            return True
        return actor is not None and refuses(actor.session_id, actor.user_id, actor.epoch, global_epoch)

    async def _watch(self, global_epoch: int, principal: Principal) -> None:
        """Wait until a principal is no longer good; a feed that cannot be read counts as its end."""
        index, actor = self._index, principal.actor
        subjects = [principal.session_id, principal.user_id]
        if actor is not None:
            subjects += [actor.session_id, actor.user_id]
        began, event = index.position, index.wait_on(*subjects)
        try:
            while not self._refuses(principal, global_epoch) and index.is_current(began):
                left = principal.expires_at - self._clock.now()
                if left <= 0:
                    return
                try:
                    async with asyncio.timeout(min(left, _WATCH_S)):
                        await event.wait()
                except TimeoutError:
                    if not self._feed.is_fresh():
                        await self._feed.freshen()
                event.clear()
        except Unavailable:
            return
        finally:
            index.stop_waiting(event, *subjects)

    def _look_at_keys(self, now: float) -> None:
        """Verify every token anew when a key was removed: time alone does that, and nobody is told."""
        kids, self._looked_at = set(self._services.keyring.verifying()), now
        if not self._kids <= kids:
            self.forget_tokens()
        self._kids = kids

    async def _verify(self, token: str, now: float) -> Known:
        services, policy = self._services, self._services.tokens
        position = self._index.position
        try:
            claims = jwt.verify(
                token,
                services.keyring.verifying(),
                expected_issuer=policy.issuer,
                expected_audience=policy.audience,
                now=now,
                leeway=policy.leeway,
            )
            principal, global_epoch = self._principal_of(claims)
        except jwt.TokenRefused as error:
            raise NotAuthenticated(error.reason) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            reason = "claims"
            raise NotAuthenticated(reason) from None
        known = Known(principal, claims["exp"] + policy.leeway, global_epoch, position)
        keep(self._tokens, token, known)
        return known

    def _principal_of(self, claims: Mapping[str, Any]) -> tuple[Principal, int]:
        roles, scopes = frozenset(_words(claims["roles"])), frozenset(claims["scope"].split())
        epoch, global_epoch, auth_time = (_whole(claims[name]) for name in ("epoch", "gep", "auth_time"))
        principal = Principal(
            user_id=uuid.UUID(claims["sub"]),
            session_id=uuid.UUID(claims["sid"]),
            roles=roles,
            permissions=self._roles.effective(roles, scopes),
            scopes=scopes,
            amr=tuple(_words(claims["amr"])),
            auth_time=auth_time,
            epoch=epoch,
            client_id=str(claims["client_id"]),
            expires_at=_whole(claims["exp"]),
            claims={name: value for name, value in claims.items() if name not in RESERVED},
            actor=_actor(claims["act"]) if "act" in claims else None,
            issuer=self._issuer,
            subject=claims["sub"],
            watch=partial(self._watch, global_epoch),
        )
        return principal, global_epoch

    async def _read_cookie(self, value: str) -> Known:
        reason = "not a session"
        try:
            token = parse_cookie(value)
        except TokenMalformed:
            raise NotAuthenticated(reason) from None
        position = self._index.position
        row = await store.read_session(self._services.database, token.session_id)
        if row is None or not token.mac_is_right(self._services.keys, row.salt):
            raise NotAuthenticated(reason)
        if row.kind != SessionKind.COOKIE or not row.is_live:
            reason = "the session is over"
            raise NotAuthenticated(reason)
        claims = await self._services.claims.of(row.user_id)
        principal = principal_of_session(row, self._roles, claims, self._issuer, partial(self._watch, row.global_epoch))
        touch_after = min(_TOUCH_EVERY_MS, self._services.sessions.idle * 250)
        expires_at = min(row.idle_expires_at, row.expires_at) / 1000
        return Known(principal, expires_at, row.global_epoch, position, (row.seen_at + touch_after) / 1000)

    async def _read_key(self, text: str) -> Known:
        position, global_epoch = self._index.position, self._index.global_epoch
        key = await self._api_keys.read(text)
        if key is None:
            reason = "not a living API key"
            raise NotAuthenticated(reason)
        claims = await self._services.claims.of(key.user_id)
        principal = principal_of_key(key, self._roles, claims, self._issuer, partial(self._watch, global_epoch))
        expires_at = float("inf") if key.expires_at is None else key.expires_at / 1000
        touch_at = 0 if key.last_used_at is None else (key.last_used_at + _TOUCH_EVERY_MS) / 1000
        known = Known(principal, expires_at, global_epoch, position, touch_at)
        if self._clock.now() >= touch_at:
            await self._touch_key(known)
        return known

    async def _touch_key(self, known: Known) -> bool:
        self._api_keys.note_use(known.principal.session_id)
        known.touch_at = self._clock.now() + _TOUCH_EVERY_MS / 1000
        return False

    async def _touch(self, known: Known) -> bool:
        """Note that a session is used; return whether that could be written, so that it must be read again."""
        values = {"session_id": known.principal.session_id, "idle_ms": self._services.sessions.idle * 1000}
        try:
            await self._services.database.hot.run((store.touch, values))
        except Unavailable:
            known.touch_at = self._clock.now() + _TOUCH_AGAIN_S  # it is good all the same
            return False
        return True


def _actor(claim: Mapping[str, Any]) -> Actor:
    return Actor(uuid.UUID(claim["sub"]), uuid.UUID(claim["sid"]), _whole(claim["epoch"]))


def _words(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value
