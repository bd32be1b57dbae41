"""Rows of proofs. Each verb is one conditional statement that returns whether it won.

A user has one row for each purpose and slot, so that issuing a newer proof and voiding the older one are the same
statement. The id grows with time: an older job that is sent late does not take the place of a newer one.
"""

from sqlalchemy import BigInteger, String, Uuid, and_, bindparam, case, delete, func, literal, or_, select, update

from gatepost.storage.schema import password, proof, session, user
from gatepost.storage.statement import Statement, store_now_ms

_id = bindparam("proof_id", type_=Uuid)
_user_id = bindparam("user_id", type_=Uuid)
_purpose = bindparam("purpose", type_=String)
_email = bindparam("email", type_=String)
_sent_to_user = bindparam("is_sent_to_user", type_=BigInteger)
_bound_to_email = bindparam("is_bound_to_email", type_=BigInteger)
_bound_to_password = bindparam("is_bound_to_password", type_=BigInteger)

_password_changed_at = func.coalesce(
    select(password.c.changed_at).where(password.c.user_id == user.c.id).scalar_subquery(), 0
)

# "This was not me" that was used between a notice's cause (`asked_at`, NULL for other kinds) and its being composed
# has voided what newer mailboxes were sent, and so what they still would be.
_used = proof.alias("used")
_is_outrun = (
    select(_used.c.id)
    .where(
        _used.c.user_id == _user_id,
        _used.c.purpose == _purpose,
        _used.c.id < _id,
        _used.c.consumed_at > bindparam("asked_at", type_=BigInteger),
    )
    .exists()
)
# What it is bound to is read by the statement that writes it.
issue = Statement(
    lambda dialect_insert: (
        (
            row := dialect_insert(proof).from_select(
                [
                    "user_id",
                    "purpose",
                    "slot",
                    "id",
                    "email",
                    "bound_email",
                    "bound_password",
                    "bound_session",
                    "attempts",
                    "created_at",
                    "expires_at",
                ],
                select(
                    user.c.id,
                    _purpose,
                    bindparam("slot", type_=String),
                    _id,
                    _email,
                    case((_bound_to_email == 1, user.c.email), else_=None),
                    case((_bound_to_password == 1, _password_changed_at), else_=None),
                    bindparam("session_id", type_=Uuid),
                    literal(0),
                    store_now_ms(),
                    store_now_ms() + bindparam("lifetime_ms", type_=BigInteger),
                ).where(
                    user.c.id == _user_id,
                    user.c.disabled_at.is_(None),
                    or_(_sent_to_user == 0, user.c.email == _email),
                    ~_is_outrun,
                ),
            )
        )
        .on_conflict_do_update(
            index_elements=[proof.c.user_id, proof.c.purpose, proof.c.slot],
            set_={
                name: row.excluded[name]
                for name in (
                    "id",
                    "email",
                    "bound_email",
                    "bound_password",
                    "bound_session",
                    "attempts",
                    "created_at",
                    "expires_at",
                    "consumed_at",
                )
            },
            where=proof.c.id < row.excluded.id,
        )
        .returning(proof.c.id)
    )
)
is_issued = Statement(select(proof.c.id).where(proof.c.id == _id, proof.c.consumed_at.is_(None)))

_is_good = and_(
    proof.c.consumed_at.is_(None),
    proof.c.expires_at > store_now_ms(),
    select(user.c.id)
    .where(
        user.c.id == proof.c.user_id,
        user.c.disabled_at.is_(None),
        or_(proof.c.bound_email.is_(None), proof.c.bound_email == user.c.email),
        or_(proof.c.bound_password.is_(None), proof.c.bound_password == _password_changed_at),
    )
    .exists(),
    or_(
        proof.c.bound_session.is_(None),
        select(session.c.id).where(session.c.id == proof.c.bound_session, session.c.revoked_at.is_(None)).exists(),
    ),
)

consume = Statement(
    update(proof)
    .where(proof.c.id == _id, proof.c.purpose == _purpose, _is_good)
    .values(consumed_at=store_now_ms())
    .returning(proof.c.user_id, proof.c.email)
)
look = Statement(select(proof.c.user_id, proof.c.email).where(proof.c.id == _id, proof.c.purpose == _purpose, _is_good))

# The attempt is counted before the code is compared, by a statement that stops at the last one.
count_attempt = Statement(
    update(proof)
    .where(
        proof.c.user_id == _user_id,
        proof.c.purpose == _purpose,
        proof.c.slot == bindparam("slot", type_=String),
        proof.c.attempts < bindparam("max_attempts", type_=BigInteger),
        _is_good,
    )
    .values(attempts=proof.c.attempts + 1)
    .returning(proof.c.id)
)
# The row stays: the job that mailed it, should it be tried again, finds that its proof is no more.
void = Statement(
    update(proof)
    .where(proof.c.user_id == _user_id, proof.c.purpose == _purpose, proof.c.consumed_at.is_(None))
    .values(consumed_at=store_now_ms())
)
# All that a user could still present, but "this was not me" that went to another mailbox before this one did.
void_after = Statement(
    update(proof)
    .where(
        proof.c.user_id == _user_id,
        proof.c.consumed_at.is_(None),
        or_(proof.c.purpose != _purpose, proof.c.id > _id, proof.c.email == _email),
    )
    .values(consumed_at=store_now_ms())
)
prune = Statement(
    delete(proof).where(proof.c.expires_at < bindparam("expired_before", type_=BigInteger)).returning(proof.c.id)
)
