"""Making users, and inviting them: `POST /admin/users`, and `POST /invitation` where an invitation is accepted."""

import uuid
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import ProofKind, ProofRefused
from gatepost.core.runtime import Core
from gatepost.core.sessions.password_reset import reset_password
from gatepost.core.throttle.attempts import Action
from gatepost.core.users import store
from gatepost.core.users.registration import IdentifierTaken
from gatepost.core.users.search import standing_of
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, writer
from gatepost.features.admin.shapes import AdminUserView, Body, NewAccount
from gatepost.kernel.errors import AuthError, InvalidInput, NotFound
from gatepost.kernel.text import normalize_email
from gatepost.storage.unit_of_work import UnitOfWork, unit_of_work
from gatepost.web.guard import public
from gatepost.web.routes import route_class


class AlreadyJoined(AuthError):
    """The user has a password, or no address that could be written to."""

    code = "invitation.not_possible"
    status = 409
    public = "This user cannot be invited: there is a password already, or no e-mail address."


class Acceptance(Body):
    """What the link carried, and the password that shall be."""

    token: Annotated[str, Field(max_length=200)]
    new_password: Annotated[SecretStr, Field(max_length=4096)]


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), tags=["admin: users"])
    may_write = writer(host)

    @routes.post("/admin/users", status_code=201, dependencies=[may_write])
    async def make_user(account: NewAccount, request: Request) -> AdminUserView:
        """Make a user with a password, or invite one by mail, who chooses it."""
        return await _make(host, account, origin(host, request))

    @routes.post("/admin/users/{user_id}/invitation", status_code=202, dependencies=[may_write])
    async def invite_once_more(user_id: uuid.UUID, request: Request) -> Response:
        """Invite a user who has no password yet once more; the link of before is void at once."""
        user, source = await known(host, user_id), origin(host, request)
        await host.core.attempts.spend(Action.INVITATION, source, subject=user.email)
        await invite_again(host.core, user_id, source)
        return Response(status_code=202)

    @routes.post("/invitation", status_code=204)
    @public
    async def accept(given: Acceptance, request: Request) -> Response:
        """Choose the first password by the link of an invitation, which verifies the address. Sign in next."""
        core, source = host.core, origin(host, request)
        await core.attempts.spend(Action.PROOF, source)
        proof = await core.proofs.look(ProofKind.INVITATION, given.token)
        user = await core.users.get(proof.user_id)
        if user is None:
            raise ProofRefused
        words = (user.email, user.username, user.full_name)
        secret = await core.password_policy.accept(
            given.new_password.get_secret_value(), field="new_password", words=words
        )
        await reset_password(
            core.services,
            core.listeners,
            core.proofs,
            kind=ProofKind.INVITATION,
            proof_id=proof.proof_id,
            user_id=proof.user_id,
            new_hash=await core.passwords.hash(secret),
            origin=source,
        )
        return Response(status_code=204)

    return routes


async def _make(host: FeatureHost, account: NewAccount, source: Origin) -> AdminUserView:
    core = host.core
    if account.password is None:
        if account.email is None:
            field = "email"
            raise InvalidInput(field, "is needed for an invitation; without one, give a password")
        await core.attempts.spend(Action.INVITATION, source, subject=normalize_email(account.email))
        user = await host.registration.invite(
            email=account.email,
            username=account.username,
            full_name=account.full_name,
            roles=account.roles,
            origin=source,
            within=partial(send_invitation, core, source),
        )
    else:
        await core.attempts.spend(Action.ADMIN, source)
        user = await host.registration.register(
            password=account.password.get_secret_value(),
            email=account.email,
            username=account.username,
            full_name=account.full_name,
            email_verified=account.email_verified,
            roles=account.roles,
            origin=source,
        )
    if user is None:
        raise IdentifierTaken
    return AdminUserView.of(user)


async def invite_again(core: Core, user_id: uuid.UUID, source: Origin) -> None:
    """Void the invitation of before, and mail another.

    Raises:
        NotFound: there is no such user.
        AlreadyJoined: there is a password already, or no address.
    """
    async with unit_of_work(core.database, core.listeners) as work:
        found = await work.run(store.by_id_for_update, user_id=user_id)
        if not found:
            raise NotFound
        ((_, _, _, password_hash, *_),) = await work.run(store.credentials_by_id, user_id=user_id)
        if password_hash is not None or found[0][1] is None:
            raise AlreadyJoined
        await core.proofs.void(work, ProofKind.INVITATION, user_id)
        await send_invitation(core, source, work, user_id)


async def send_invitation(core: Core, source: Origin, work: UnitOfWork, user_id: uuid.UUID) -> None:
    """Enqueue an invitation and record it, in the transaction of its cause."""
    await work.steps(
        audit_step(core.clock, AuditEvent.USER_INVITED, subject_id=user_id, origin=source),
        enqueue_step(core.clock, core.keys, Job(kind=MailKind.INVITATION, user_id=user_id)),
    )


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail; it goes to who has no password yet."""

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        core = host.core
        user = await core.users.get(job.user_id) if job.user_id is not None else None
        if user is None or user.email is None or (await standing_of(core.database, user.id)).has_password:
            return None
        return await core.desk.proof_letter(
            ProofKind.INVITATION, user.id, job_id=job_id, email=user.email, page="invitation"
        )

    return compose
