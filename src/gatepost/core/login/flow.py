"""The story of a sign-in.

A slot in the hash queue, then the budgets, then the user, then the hash (of a dummy where there is nobody), then the
factors that remain, and only then a session, conditional on the epoch that was read with the hash. A failure leaves
its evidence, may lock, and gives nothing back; a success gives back only its own units (`guesses.py`).
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.devices.flow import Devices
from gatepost.core.login.domain import LoginPolicy
from gatepost.core.login.events import SignedIn
from gatepost.core.login.guesses import Guess, Guesses
from gatepost.core.passwords import PasswordChangeRequired, Passwords
from gatepost.core.passwords.errors import PasswordChangeNotRequired
from gatepost.core.passwords.requirement import PasswordRequirement
from gatepost.core.sessions.domain import SessionKind
from gatepost.core.sessions.flow import Opened, Opening, Sessions
from gatepost.core.throttle import Throttle
from gatepost.core.users import store
from gatepost.kernel.errors import AuthError, FactorRequired, InvalidInput, LoginFailed
from gatepost.kernel.events import Listeners
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.text import normalize_identifier, normalize_password
from gatepost.storage.database import Database
from gatepost.storage.statement import Step
from gatepost.storage.unit_of_work import UnitOfWork, record_evidence, unit_of_work

PASSWORD = "pwd"  # noqa: S105 - RFC 8176, section 2
Within = Callable[[UnitOfWork], Awaitable[None]]
Then = Callable[[UnitOfWork, uuid.UUID], Awaitable[None]]  # with the id of the session that was opened
RemainingFactors = Callable[[uuid.UUID, Sequence[str]], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The session that the client asks for.

    Attributes:
        device: the value of the device cookie that the client has, or gets with this session; None without cookies.
    """

    kind: SessionKind
    client_id: str
    scope: str
    origin: Origin
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Proved:
    """A password that was right, normalized, and what was read beside it.

    Attributes:
        stored: the hash that it was proved against; a change made since wins.
        rehash: what to store instead, where that hash is foreign or outdated.
        must_change: it has to be changed before it opens anything.
        guess: the attempt, to be given back.
    """

    user_id: uuid.UUID
    epoch: int
    secret: str
    stored: str
    rehash: str | None
    must_change: bool
    guess: Guess


class Login:
    """Signing in with a password; features add the factors that may remain after it."""

    def __init__(  # noqa: PLR0913 - by keyword, from one place
        self,
        *,
        database: Database,
        listeners: Listeners,
        passwords: Passwords,
        requirement: PasswordRequirement,
        sessions: Sessions,
        throttle: Throttle,
        keys: PurposeKeys,
        policy: LoginPolicy,
        devices: Devices,
        factors: Sequence[RemainingFactors] = (),
    ) -> None:
        self._database = database
        self._listeners = listeners
        self._passwords = passwords
        self._requirement = requirement
        self._sessions = sessions
        self._policy = policy
        self._devices = devices
        self._factors = factors
        self.guesses = Guesses(database, listeners, throttle, keys, policy, devices)

    async def with_password(self, identifier: str, password: str, wanted: Wanted) -> Opened:
        """Open a session for who proves a password.

        Raises:
            LoginFailed: whatever was wrong; one answer for an unknown, a disabled and a mistaken user.
            ThrottleSpent: a budget is empty; nothing was verified.
            PasswordChangeRequired: the password was right and has to be changed; no session exists.
            FactorRequired: the password was right and another factor remains; no session exists.
            Busy: the hash queue is full; no budget was taken.
            InvalidInput: the password cannot be one (too long, control characters).
        """
        proved = await self.prove(identifier, password, wanted)
        is_due = self._requirement.is_due
        if proved.must_change or await is_due(proved.user_id, proved.secret, proved.stored, wanted.origin):
            await proved.guess.give_back()
            raise await self._recorded(PasswordChangeRequired(), proved, wanted.origin)

        async def within(work: UnitOfWork) -> None:
            if proved.rehash is not None:
                values = {"old_hash": proved.stored, "hash": proved.rehash}
                await work.run(store.rehash_password, user_id=proved.user_id, **values)

        opened = await self.open(proved.user_id, proved.epoch, PASSWORD, wanted, within=within)
        await proved.guess.give_back()
        return opened

    async def prove_outdated(self, identifier: str, password: str, wanted: Wanted) -> Proved:
        """Prove a password that has to be changed, in order to change it.

        Raises:
            PasswordChangeNotRequired: it is right, and good as it is; this opens nothing, so that it tells nothing for
                less than a sign-in does: the attempt is spent, and stands in the trail.
            LoginFailed, ThrottleSpent, Busy, InvalidInput: as in `with_password`.
        """
        proved = await self.prove(identifier, password, wanted)
        if not proved.must_change:
            raise await self._recorded(PasswordChangeNotRequired(), proved, wanted.origin)
        await proved.guess.give_back()
        return proved

    async def prove(self, identifier: str, password: str, wanted: Wanted) -> Proved:
        """Prove a password, and nothing more: whoever asks decides what that is good for.

        Raises:
            LoginFailed, ThrottleSpent, Busy, InvalidInput: as in `with_password`.
        """
        secret = normalize_password(password)
        name, began = _identifier(identifier), self._database.clock.boottime()
        with self._passwords.reserve() as slot:
            rows = await self._database.hot.read(store.credentials_by_identifier, {"identifier": name})
            user_id, epoch, disabled_at, stored, must_change = rows[0] if rows else (None, 0, None, None, False)
            guess = await self.guesses.begin(name, user_id, wanted.origin, wanted.device)
            verdict = await self._passwords.verify(secret, stored, slot)
        if not verdict.is_right or user_id is None or disabled_at is not None:
            await self._fail(guess, began)
        return Proved(
            user_id=user_id,
            epoch=epoch,
            secret=secret,
            stored=stored,
            rehash=verdict.rehash,
            must_change=must_change,
            guess=guess,
        )

    async def open(
        self,
        user_id: uuid.UUID,
        epoch: int,
        method: str,
        wanted: Wanted,
        *,
        within: Within,
        then: Then | None = None,
    ) -> Opened:
        """Open a session for who proved one method, unless another factor remains.

        Args:
            user_id: who.
            epoch: the user's, as it was read before the method was proved.
            method: what was proved (RFC 8176).
            wanted: the session that the client asks for.
            within: what else belongs to the same transaction (a proof that is used up); it may refuse.
            then: what belongs to it once the session exists.

        Raises:
            FactorRequired: another factor remains; no session exists.
            LoginFailed: the user was disabled, or the epoch has moved since.
        """
        await self.require_factors(user_id, method)
        opening = Opening(
            user_id=user_id,
            epoch=epoch,
            kind=wanted.kind,
            client_id=wanted.client_id,
            scope=wanted.scope,
            amr=method,
            origin=wanted.origin,
        )
        return await self._open(opening, wanted.device, within, then)

    async def require_factors(self, user_id: uuid.UUID, method: str) -> None:
        """Refuse who has proved one method, where another factor remains.

        Raises:
            FactorRequired: it names them.
        """
        remaining = [name for factor in self._factors for name in await factor(user_id, [method])]
        if remaining:
            raise FactorRequired(remaining)

    async def confirm_password(
        self, user_id: uuid.UUID, password: str, origin: Origin, *, device: str | None = None
    ) -> tuple[int, str]:
        """Prove the password of a user who is signed in already, under the same budgets.

        Args:
            user_id: who.
            password: as typed.
            origin: where the request came from.
            device: the value of the device cookie that came with it.

        Returns:
            The user's epoch and the hash, as they were read together.

        Raises:
            LoginFailed, ThrottleSpent, Busy, InvalidInput: as in `with_password`.
        """
        secret, began = normalize_password(password, field="current_password"), self._database.clock.boottime()
        with self._passwords.reserve() as slot:
            found = await self._passwords.credentials(user_id)
            epoch, stored = found or (0, None)
            guess = await self.guesses.begin(str(user_id), user_id, origin, device)
            verdict = await self._passwords.verify(secret, stored, slot)
        if not verdict.is_right or stored is None:
            await self._fail(guess, began)
        await guess.give_back()
        return epoch, stored

    async def clear_budgets(self, user_id: uuid.UUID) -> None:
        """Let a user in again whom failures keep out: the way back was proved, or an administrator says so."""
        await self.guesses.clear(user_id)

    async def _open(self, opening: Opening, device: str | None, within: Within, then: Then | None) -> Opened:
        async with unit_of_work(self._database, self._listeners) as work:
            await within(work)
            opened = await self._sessions.open(work, opening)
            if opened is None:  # the password was changed, or the user disabled, while the hash was computed
                evidence = self._record(AuditEvent.LOGIN_OUTRUN, opening.user_id, opening.origin)
                raise LoginFailed(evidence=[evidence])
            session_id = opened.grant.session_id
            await work.steps(
                audit_step(
                    self._database.clock,
                    AuditEvent.LOGIN_SUCCEEDED,
                    subject_id=opening.user_id,
                    actor_id=opening.user_id,
                    session_id=session_id,
                    origin=opening.origin,
                )
            )
            await self._devices.signed_in(work, opening.user_id, device, session_id, opening.origin)
            if then is not None:
                await then(work, session_id)
            await work.publish(SignedIn(user_id=opening.user_id, session_id=session_id, ip=opening.origin.ip))
        return opened

    async def _fail(self, guess: Guess, began: float) -> NoReturn:
        heard = await self.guesses.failed(guess)
        await asyncio.sleep(self._policy.failure_floor - (self._database.clock.boottime() - began))
        await self._listeners.after(heard)
        raise LoginFailed

    async def _recorded(self, refusal: AuthError, proved: Proved, origin: Origin) -> AuthError:
        """Return the refusal of a right password, which has left its evidence."""
        step = self._record(AuditEvent.LOGIN_FAILED, proved.user_id, origin, because=refusal.code)
        refusal.evidence = (step,)
        await record_evidence(self._database, refusal)
        return refusal

    def _record(self, event: AuditEvent, user_id: uuid.UUID | None, origin: Origin, **detail: str) -> Step:
        return audit_step(self._database.clock, event, subject_id=user_id, origin=origin, detail=detail)


def _identifier(text: str) -> str:
    """Return the identifier as stored; one that nobody can have is looked up all the same, and not found."""
    try:
        return normalize_identifier(text)
    except InvalidInput:
        return "\x7f" + text.encode("utf-8", "replace").hex()[:200]
