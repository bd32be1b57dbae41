"""Rows of users, their roles and password hashes. Verbs return whether they won."""

from sqlalchemy import BigInteger, String, Uuid, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.sql.selectable import ScalarSelect

from gatepost.crypto.pepper import MARK_CHARS
from gatepost.storage.schema import password, user, user_role
from gatepost.storage.statement import JoinedWords, Statement, store_now_ms


def roles_of_user(user_id: object = user.c.id) -> ScalarSelect[str]:
    """Return the subquery for a user's roles in one string, separated by spaces (which no role's name contains)."""
    return select(JoinedWords(user_role.c.role)).where(user_role.c.user_id == user_id).scalar_subquery()


USER_COLUMNS = (
    user.c.id,
    user.c.email,
    user.c.email_verified,
    user.c.username,
    user.c.full_name,
    user.c.profile,
    user.c.epoch,
    user.c.disabled_at,
    user.c.created_at,
    roles_of_user().label("roles"),
    user.c.locale,
)
_user_id = bindparam("user_id", type_=Uuid)
_email = bindparam("email", type_=user.c.email.type)
_identifier = bindparam("identifier", type_=String)
_locale = bindparam("locale", type_=user.c.locale.type)

by_id = Statement(select(*USER_COLUMNS).where(user.c.id == _user_id))
roles_by_id = Statement(select(roles_of_user(_user_id).label("roles")))
# Writers of one row wait for each other here: what is made of it is made of what the last one wrote.
by_id_for_update = Statement(select(*USER_COLUMNS).where(user.c.id == _user_id).with_for_update(of=user))
by_identifier = Statement(
    select(*USER_COLUMNS).where(or_(user.c.email == _identifier, user.c.username == _identifier)).limit(1)
)
listing = Statement(
    select(*USER_COLUMNS)
    .where(user.c.id > bindparam("after", type_=Uuid))
    .order_by(user.c.id)
    .limit(bindparam("page_size", type_=BigInteger))
)

# What sign-in needs, read in one statement: the hash and the epoch that must still be true when the session opens.
credentials_by_identifier = Statement(
    select(user.c.id, user.c.epoch, user.c.disabled_at, password.c.hash, password.c.must_change)
    .select_from(user.outerjoin(password, password.c.user_id == user.c.id))
    .where(or_(user.c.email == _identifier, user.c.username == _identifier))
    .limit(1)
)
credentials_by_id = Statement(
    select(user.c.id, user.c.epoch, user.c.disabled_at, password.c.hash)
    .select_from(user.outerjoin(password, password.c.user_id == user.c.id))
    .where(user.c.id == _user_id)
)

insert_user = Statement(
    lambda dialect_insert: (
        dialect_insert(user)
        .values(
            id=_user_id,
            email=_email,
            email_verified=bindparam("email_verified", type_=user.c.email_verified.type),
            username=bindparam("username", type_=user.c.username.type),
            full_name=bindparam("full_name", type_=user.c.full_name.type),
            locale=_locale,
            epoch=0,
            created_at=store_now_ms(),
        )
        .on_conflict_do_nothing()
        .returning(user.c.created_at)
    )
)
insert_password = Statement(
    insert(password).values(user_id=_user_id, hash=bindparam("hash", type_=String), changed_at=store_now_ms())
)
remove_unproved_password = Statement(
    delete(password).where(
        password.c.user_id == _user_id,
        select(user.c.id).where(user.c.id == _user_id, user.c.email_verified.is_(False)).exists(),
    )
)
replace_password = Statement(
    update(password)
    .where(password.c.user_id == _user_id, password.c.hash == bindparam("old_hash", type_=String))
    .values(hash=bindparam("hash", type_=String), changed_at=store_now_ms(), must_change=False)
    .returning(password.c.user_id)
)
require_password_change = Statement(
    update(password)
    .where(
        password.c.user_id == _user_id,
        password.c.must_change.is_(False),
        or_(bindparam("only_hash", type_=String).is_(None), password.c.hash == bindparam("only_hash", type_=String)),
    )
    .values(must_change=True)
    .returning(password.c.user_id)
)
# Whoever proved the mailbox may set a password where there was none.
set_password = Statement(
    lambda dialect_insert: (
        row := dialect_insert(password).values(
            user_id=_user_id, hash=bindparam("hash", type_=String), changed_at=store_now_ms(), must_change=False
        )
    ).on_conflict_do_update(
        index_elements=[password.c.user_id],
        set_={name: row.excluded[name] for name in ("hash", "changed_at", "must_change")},
    )
)
remove_password = Statement(delete(password).where(password.c.user_id == _user_id).returning(password.c.user_id))
# A rehash is not a change of password: `changed_at` stays, and it loses against a change made meanwhile.
rehash_password = Statement(
    update(password)
    .where(password.c.user_id == _user_id, password.c.hash == bindparam("old_hash", type_=String))
    .values(hash=bindparam("hash", type_=String))
)
verify_email = Statement(
    update(user)
    .where(user.c.id == _user_id, user.c.email == _email, user.c.email_verified.is_(False))
    .values(email_verified=True)
    .returning(user.c.id)
)
_other = user.alias()
# Two that want one address at once meet in the unique index: PostgreSQL tells one of them by an error.
change_email = Statement(
    update(user)
    .where(user.c.id == _user_id, ~select(_other.c.id).where(_other.c.email == _email).exists())
    .values(email=_email, email_verified=True)
    .returning(user.c.id)
)
_mark = func.substr(password.c.hash, 1, MARK_CHARS)
hashes_by_mark = Statement(
    select(_mark, func.count()).where(password.c.hash.like(bindparam("prefix", type_=String))).group_by(_mark)
)
bump_epoch = Statement(update(user).where(user.c.id == _user_id).values(epoch=user.c.epoch + 1).returning(user.c.epoch))
disable = Statement(
    update(user)
    .where(user.c.id == _user_id, user.c.disabled_at.is_(None))
    .values(disabled_at=store_now_ms(), epoch=user.c.epoch + 1)
    .returning(user.c.epoch)
)
enable = Statement(
    update(user)
    .where(user.c.id == _user_id, user.c.disabled_at.is_not(None))
    .values(disabled_at=None)
    .returning(user.c.id)
)
remove = Statement(delete(user).where(user.c.id == _user_id).returning(user.c.epoch))
write_profile_fields = Statement(
    update(user)
    .where(user.c.id == _user_id)
    .values(
        full_name=bindparam("full_name", type_=user.c.full_name.type),
        profile=bindparam("profile", type_=user.c.profile.type),
        locale=_locale,
    )
    .returning(user.c.id)
)
grant_role = Statement(
    lambda dialect_insert: (
        dialect_insert(user_role)
        .values(user_id=_user_id, role=bindparam("role", type_=String))
        .on_conflict_do_nothing()
        .returning(user_role.c.role)
    )
)
remove_role = Statement(
    delete(user_role)
    .where(user_role.c.user_id == _user_id, user_role.c.role == bindparam("role", type_=String))
    .returning(user_role.c.role)
)
_other = user.alias("other")
# Who else has the address keeps it.
give_back_email = Statement(
    update(user)
    .where(user.c.id == _user_id, ~select(_other.c.id).where(_other.c.email == _email).exists())
    .values(email=_email, email_verified=True)
    .returning(user.c.id)
)
