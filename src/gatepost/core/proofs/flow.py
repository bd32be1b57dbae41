"""Issuing proofs, and using them up exactly once."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.core.proofs import store
from gatepost.core.proofs.domain import MAX_CODE_ATTEMPTS, ProofKind, ProofPolicy
from gatepost.kernel.errors import AuthError
from gatepost.kernel.ids import unix_ms_of
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import TokenMalformed, code_is_right, mint_code, mint_proof, parse_proof
from gatepost.storage.database import Database
from gatepost.storage.statement import Step
from gatepost.storage.unit_of_work import UnitOfWork

_KEEP_EXPIRED_MS = 86_400_000


class ProofRefused(AuthError):
    """A link or code that is wrong, used up, too old, or void since something changed: one answer for all."""

    code = "proof.refused"
    status = 400
    public = "This link or code is not valid, or no longer. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Consumed:
    """A proof that was good; `email` is where it had been sent."""

    proof_id: uuid.UUID
    user_id: uuid.UUID
    email: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """What the mail holds: a token for a link, or a code to be typed."""

    token: str
    code: str | None


class Proofs:
    """The proofs of one Gatepost."""

    def __init__(self, database: Database, keys: PurposeKeys, policy: ProofPolicy) -> None:
        self._database = database
        self._keys = keys
        self.policy = policy

    async def issue(
        self, kind: ProofKind, user_id: uuid.UUID, *, proof_id: uuid.UUID, email: str | None, slot: str = ""
    ) -> Issued | None:
        """Make a proof, in the place of any earlier one of its kind.

        Args:
            kind: what it is for.
            user_id: whose.
            proof_id: the id of the job that mails it: a job that is tried again mails the same proof.
            email: where it is sent.
            slot: apart from others of its kind, where several may live side by side.

        Returns:
            None where a newer one exists, this one is used up, the user is gone or disabled, or `email` is not the
            user's address (any more) although it should be.
        """
        step = self.issue_step(kind, user_id, proof_id=proof_id, email=email, slot=slot)
        if not (await self._database.hot.run(step))[0] and not await self._database.hot.read(
            store.is_issued, {"proof_id": proof_id}
        ):
            return None
        return self._minted(kind, proof_id)

    def issue_step(
        self,
        kind: ProofKind,
        user_id: uuid.UUID,
        *,
        proof_id: uuid.UUID,
        email: str | None,
        slot: str = "",
        session_id: uuid.UUID | None = None,
    ) -> Step:
        """Return the statement that issues a proof, to be run in the transaction that asks for it.

        What it is bound to is then the state of the user at that time, however late its mail is composed; with
        `session_id` it dies when that session, which asks for it, is ended.
        """
        values: Mapping[str, Any] = {
            "proof_id": proof_id,
            "user_id": user_id,
            "purpose": kind.value,
            "slot": slot,
            "email": email,
            "is_sent_to_user": int(kind.is_sent_to_user),
            "is_bound_to_email": int(kind.is_bound_to_email),
            "is_bound_to_password": int(kind.is_bound_to_password),
            "session_id": session_id,
            "asked_at": unix_ms_of(proof_id) if kind is ProofKind.DISOWN else None,
            "lifetime_ms": self.policy.lifetime_ms(kind),
        }
        return store.issue, values

    async def issued(self, kind: ProofKind, proof_id: uuid.UUID) -> Issued | None:
        """Return what the mail of a proof holds that was issued before; None where it is no longer good."""
        rows = await self._database.hot.read(store.look, {"proof_id": proof_id, "purpose": kind.value})
        return self._minted(kind, proof_id) if rows else None

    def _minted(self, kind: ProofKind, proof_id: uuid.UUID) -> Issued:
        code = mint_code(self._keys, kind.purpose, proof_id) if self.policy.has_code(kind) else None
        return Issued(mint_proof(self._keys, kind.purpose, proof_id), code)

    def authentic(self, kind: ProofKind, token: str) -> uuid.UUID:
        """Return the id of a proof's token that was minted here for this purpose.

        Raises:
            ProofRefused: it was not.
        """
        try:
            parsed = parse_proof(token)
        except TokenMalformed:
            raise ProofRefused from None
        if not parsed.is_for(self._keys, kind.purpose):
            raise ProofRefused
        return parsed.proof_id

    async def look(self, kind: ProofKind, token: str) -> Consumed:
        """Return what a token would prove, without using it up.

        Raises:
            ProofRefused: nothing.
        """
        proof_id = self.authentic(kind, token)
        rows = await self._database.hot.read(store.look, {"proof_id": proof_id, "purpose": kind.value})
        if not rows:
            raise ProofRefused
        return Consumed(proof_id, *rows[0])

    async def guess(self, kind: ProofKind, user_id: uuid.UUID | None, code: str, *, slot: str = "") -> uuid.UUID:
        """Count an attempt at a user's code and compare it; return the proof's id, not yet used up.

        Raises:
            ProofRefused: wrong, too often, too old, or there is nobody.
        """
        # Nobody's attempt costs the same statement, and finds nothing.
        values = {
            "user_id": user_id or uuid.UUID(int=0),
            "purpose": kind.value,
            "slot": slot,
            "max_attempts": MAX_CODE_ATTEMPTS if self.policy.has_code(kind) else 0,
        }
        rows = (await self._database.hot.run((store.count_attempt, values)))[0]
        if not rows or not code_is_right(self._keys, kind.purpose, rows[0][0], code):
            raise ProofRefused
        proof_id: uuid.UUID = rows[0][0]
        return proof_id

    async def consume(self, work: UnitOfWork, kind: ProofKind, proof_id: uuid.UUID) -> Consumed:
        """Use a proof up, in the transaction of what it allows: of several at once, one wins.

        Args:
            work: the transaction.
            kind: what it must be for.
            proof_id: from `authentic` or `guess`.

        Raises:
            ProofRefused: it is used up, too old, or void since something changed.
        """
        rows = await work.run(store.consume, proof_id=proof_id, purpose=kind.value)
        if not rows:
            raise ProofRefused
        return Consumed(proof_id, *rows[0])

    async def void(self, work: UnitOfWork, kind: ProofKind, user_id: uuid.UUID) -> None:
        """Take every living proof of a kind away from a user."""
        await work.run(store.void, user_id=user_id, purpose=kind.value)

    async def void_after(self, work: UnitOfWork, proved: Consumed) -> None:
        """Void all that a user could still present after "this was not me" was.

        What was sent to an older mailbox of theirs before this one stays: a thief who has put his own mailbox in the
        place of theirs, and says it there, must not take the owner's word away.
        """
        await work.run(
            store.void_after,
            user_id=proved.user_id,
            purpose=ProofKind.DISOWN.value,
            proof_id=proved.proof_id,
            email=proved.email,
        )

    async def prune(self) -> int:
        """Delete what expired a day ago; return how many."""
        before = self._database.clock.now_ms() - _KEEP_EXPIRED_MS
        rows: list[Any] = (await self._database.hot.run((store.prune, {"expired_before": before})))[0]
        return len(rows)
