"""The mail to the owner of an account that failures have locked: it carries a way in.

The link sets a new password, which clears the lock. It has a slot of its own, so that it does not void a link that
the owner has just asked for, and it is a link also where other mails carry codes: a code of this slot could not be
told from one of the other. Without this feature the mail is a notice without a way in.
"""

import uuid

from gatepost.core.outbox import Job, MailKind
from gatepost.core.outbox.desk import Composer, Letter
from gatepost.core.proofs import ProofKind
from gatepost.feature import Feature, FeatureHost

SLOT = "locked"


def composer(host: FeatureHost) -> Composer:
    """Return who composes the mail."""

    async def compose(job_id: uuid.UUID, job: Job) -> Letter | None:
        core = host.core
        user = await core.users.get(job.user_id) if job.user_id is not None else None
        if user is None or user.email is None or user.is_disabled:
            return None
        _, password = await core.passwords.credentials(user.id) or (0, None)
        if password is None:
            return Letter(user.email)  # there is no password to guess, and the link would be bound to none
        words = await core.desk.proof_words(
            ProofKind.RESET_PASSWORD, user.id, job_id=job_id, email=user.email, page="reset-password", slot=SLOT
        )
        return Letter(user.email, {name: value for name, value in (words or {}).items() if name != "code"})

    return compose


lockout = Feature(name="lockout", needs=("password_reset",), mails={MailKind.ACCOUNT_LOCKED: composer})
