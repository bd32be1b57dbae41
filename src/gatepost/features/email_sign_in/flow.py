"""From an address to a session.

The client that asks is given a flow, and only with that flow is the mailed proof good: whoever opens a link that
somebody else asked for would otherwise be signed in to somebody else's account (login CSRF, RFC 6819, section
4.4.1.12), and whoever asks for a link to another's mailbox gains nothing by its being opened. The flow is the id of
the mail under a key of its own, so that nothing is stored, and it is given for an unknown address as for a known one.

An address that was never verified may have been registered by somebody else, with a password of his. Who proves the
mailbox takes the account: that password and every session, key and proof go in the transaction of the sign-in
(`core/identities/take_over.py`).
"""

import uuid
from dataclasses import dataclass
from typing import NoReturn

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.identities.take_over import take_over
from gatepost.core.login.flow import Wanted
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import Consumed, ProofKind, ProofRefused
from gatepost.core.runtime import Core
from gatepost.core.sessions.flow import Opened
from gatepost.core.users import store
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import AuthError
from gatepost.kernel.ids import uuid7
from gatepost.storage.unit_of_work import UnitOfWork, record_evidence

LINK = "email"  # RFC 8176 has no value for it
CODE = "otp"  # RFC 8176, section 2


class OtherBrowser(AuthError):
    """A good link where it was not asked for; it is not used up."""

    code = "login.other_browser"
    status = 400
    public = "Open this link, or type the code, in the browser in which you asked for it, or ask again in this one."


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a person has from the mail: the token of its link, or the address with the code that was typed."""

    token: str | None = None
    email: str = ""
    code: str = ""


async def send(core: Core, address: str) -> uuid.UUID:
    """Enqueue the mail for an address, whoever has it; return the id of the flow."""
    flow_id = uuid7(core.clock.now_ms())
    job = Job(kind=MailKind.SIGN_IN, address=address)
    await core.database.hot.run(enqueue_step(core.clock, core.keys, job, job_id=flow_id))
    return flow_id


async def sign_in(core: Core, answer: Answer, flow_id: uuid.UUID | None, wanted: Wanted) -> Opened:
    """Open a session for who proves a mailbox in the flow in which that was asked for.

    Raises:
        ProofRefused: the link or code is wrong, used up, too old, or void since something changed.
        OtherBrowser: it was asked for elsewhere.
        FactorRequired: the proof was good, and another factor remains; it is not used up.
        LoginFailed: the user was disabled, or the epoch has moved meanwhile.
    """
    try:
        proof, method = await _proved(core, answer, flow_id, wanted)
        return await _open(core, proof, method, wanted)
    except (ProofRefused, OtherBrowser) as refusal:
        await _refuse(core, refusal, wanted.origin)


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail; an enabled user gets it, with or without a password."""

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        core = host.core
        user = await core.users.find(job.address) if job.address is not None else None
        if user is None or user.email is None or user.is_disabled:
            return None
        return await core.desk.proof_letter(
            ProofKind.SIGN_IN, user.id, job_id=job_id, email=user.email, page="sign-in", slot=str(job_id)
        )

    return compose


async def _proved(core: Core, answer: Answer, flow_id: uuid.UUID | None, wanted: Wanted) -> tuple[Consumed, str]:
    """Return what was proved, not yet used up, and how; nobody's address costs the statements of somebody's."""
    if answer.token is not None:
        proof = await core.proofs.look(ProofKind.SIGN_IN, answer.token)
        if proof.proof_id != flow_id:
            raise OtherBrowser
        return proof, LINK
    if flow_id is None:
        raise OtherBrowser
    user = await core.users.find(answer.email)
    user_id = user.id if user is not None else None
    # A code can be guessed, as a password can: one lock for both. A link cannot, and stays a way in.
    async with core.login.guesses.around(answer.email, user_id, wanted.origin, wanted.device):
        proof_id = await core.proofs.guess(ProofKind.SIGN_IN, user_id, answer.code, slot=str(flow_id))
    assert user is not None  # noqa: S101 - nobody has a proof
    return Consumed(proof_id, user.id, user.email), CODE


async def _open(core: Core, proof: Consumed, method: str, wanted: Wanted) -> Opened:
    user = await core.users.get(proof.user_id)
    if user is None:
        raise ProofRefused
    is_claim = not user.email_verified

    async def within(work: UnitOfWork) -> None:
        # The user's row is locked before the proof's, as everywhere: no deadlock.
        if not is_claim:
            await work.run(store.by_id_for_update, user_id=user.id)
            await core.proofs.consume(work, ProofKind.SIGN_IN, proof.proof_id)
            return
        epochs = await work.run(store.bump_epoch, user_id=user.id)
        proved = await core.proofs.consume(work, ProofKind.SIGN_IN, proof.proof_id)
        if epochs != [(user.epoch + 1,)]:  # something changed since the user was read
            raise ProofRefused
        is_taken = await take_over(
            core.services,
            core.proofs,
            core.devices,
            work,
            user_id=user.id,
            email=proved.email,
            epoch=user.epoch + 1,
            origin=wanted.origin,
        )
        if not is_taken:
            raise ProofRefused

    epoch = user.epoch + 1 if is_claim else user.epoch
    return await core.login.open(user.id, epoch, method, wanted, within=within)


async def _refuse(core: Core, refusal: AuthError, origin: Origin) -> NoReturn:
    """Leave the evidence of a refusal; attempt budgets bound how much there can be."""
    detail = {"purpose": ProofKind.SIGN_IN.value, "code": refusal.code}
    refusal.evidence = (audit_step(core.clock, AuditEvent.PROOF_REFUSED, origin=origin, detail=detail),)
    await record_evidence(core.database, refusal)
    raise refusal
