"""Rows of identities, and which sessions came of them. Verbs return whether they won.

Whoever writes here has locked the user's row first, as everywhere.
"""

from sqlalchemy import BigInteger, String, Uuid, and_, bindparam, delete, exists, func, insert, or_, select, update

from gatepost.core.sessions.store import is_live
from gatepost.storage.schema import identity, identity_session, password, session, upstream_logout, user, user_role
from gatepost.storage.statement import Statement, store_now_ms

_id = bindparam("identity_id", type_=Uuid)
_user_id = bindparam("user_id", type_=Uuid)
_session_id = bindparam("session_id", type_=Uuid)
_issuer = bindparam("issuer", type_=String)
_subject = bindparam("subject", type_=String)
_sid = bindparam("upstream_sid", type_=String)
_shown = {name: bindparam(name, type_=identity.c[name].type) for name in ("provider", "email", "name")}

_STANDING = (
    user.c.id,
    user.c.epoch,
    user.c.disabled_at,
    user.c.email_verified,
    exists().where(user_role.c.user_id == user.c.id),
)
standing_of_subject = Statement(
    select(identity.c.id, *_STANDING)
    .select_from(identity.join(user, user.c.id == identity.c.user_id))
    .where(identity.c.issuer == _issuer, identity.c.subject == _subject)
)
standing_of_address = Statement(select(*_STANDING).where(user.c.email == bindparam("email", type_=String)))

COLUMNS = (
    identity.c.id,
    identity.c.user_id,
    identity.c.issuer,
    identity.c.subject,
    identity.c.provider,
    identity.c.email,
    identity.c.name,
    identity.c.created_at,
    identity.c.used_at,
)
listing = Statement(select(*COLUMNS).where(identity.c.user_id == _user_id).order_by(identity.c.id))
has_password = Statement(select(password.c.user_id).where(password.c.user_id == _user_id))

# Of several that want one identity at once, one gets it; the others find it taken (PostgreSQL: once that is committed).
insert_identity = Statement(
    lambda dialect_insert: (
        dialect_insert(identity)
        .values(
            id=_id,
            user_id=_user_id,
            issuer=_issuer,
            subject=_subject,
            created_at=store_now_ms(),
            used_at=store_now_ms(),
            **_shown,
        )
        .on_conflict_do_nothing()
        .returning(identity.c.id)
    )
)
use_identity = Statement(
    update(identity)
    .where(identity.c.issuer == _issuer, identity.c.subject == _subject, identity.c.user_id == _user_id)
    .values(used_at=store_now_ms(), **_shown)
    .returning(identity.c.id)
)
subject_of = Statement(
    select(identity.c.issuer, identity.c.subject).where(identity.c.id == _id, identity.c.user_id == _user_id)
)
remove_identity = Statement(
    delete(identity).where(identity.c.id == _id, identity.c.user_id == _user_id).returning(identity.c.id)
)
remove_all = Statement(
    delete(identity)
    .where(identity.c.user_id == _user_id)
    .returning(identity.c.issuer, identity.c.subject, identity.c.provider)
)
is_living_session = Statement(
    select(session.c.id).where(
        session.c.id == _session_id, session.c.user_id == _user_id, session.c.actor_id.is_(None), is_live
    )
)

note_session = Statement(insert(identity_session).values(session_id=_session_id, identity_id=_id, upstream_sid=_sid))
_is_open = and_(session.c.id == identity_session.c.session_id, session.c.revoked_at.is_(None))
sessions_of_identity = Statement(
    select(session.c.id, session.c.user_id).where(_is_open, identity_session.c.identity_id == _id)
)
# A session there that has no name here may be the one that is meant.
sessions_there = Statement(
    select(session.c.id, session.c.user_id, identity.c.id).where(
        _is_open,
        identity.c.id == identity_session.c.identity_id,
        identity.c.issuer == _issuer,
        or_(
            and_(_sid.is_not(None), identity_session.c.upstream_sid == _sid),
            and_(identity.c.subject == _subject, or_(_sid.is_(None), identity_session.c.upstream_sid.is_(None))),
        ),
    )
)

# Logouts wait for sign-ins that are being committed, and sign-ins for logouts: whichever comes second sees the first.
_LOGOUTS = 7_315_640_128_004_501
let_sign_in = Statement(select(func.pg_advisory_xact_lock_shared(bindparam("lock", _LOGOUTS, type_=BigInteger))))
let_sign_out = Statement(select(func.pg_advisory_xact_lock(bindparam("lock", _LOGOUTS, type_=BigInteger))))
note_logout = Statement(
    lambda dialect_insert: (
        dialect_insert(upstream_logout)
        .values(
            issuer=_issuer,
            jti=bindparam("jti", type_=String),
            subject=_subject,
            upstream_sid=_sid,
            at=store_now_ms(),
            expires_at=store_now_ms() + bindparam("keep_ms", type_=BigInteger),
        )
        .on_conflict_do_nothing()
        .returning(upstream_logout.c.jti)
    )
)
# A session there ends once and for all; all of somebody's end as of a moment.
is_logged_out = Statement(
    select(upstream_logout.c.jti)
    .where(
        upstream_logout.c.issuer == _issuer,
        or_(
            and_(_sid.is_not(None), upstream_logout.c.upstream_sid == _sid),
            and_(
                upstream_logout.c.subject == _subject,
                upstream_logout.c.at >= bindparam("asked_at", type_=BigInteger),
                or_(upstream_logout.c.upstream_sid.is_(None), _sid.is_(None)),
            ),
        ),
    )
    .limit(1)
)
prune_logouts = Statement(
    delete(upstream_logout).where(upstream_logout.c.expires_at < store_now_ms()).returning(upstream_logout.c.jti)
)
