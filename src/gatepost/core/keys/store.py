"""Rows of keys. A sequence number is claimed by inserting it: of two processes that make the first key, one wins."""

from sqlalchemy import BigInteger, Integer, LargeBinary, String, bindparam, delete, select, update

from gatepost.core.keys.domain import KeyRow
from gatepost.storage.database import Database
from gatepost.storage.schema import signing_key
from gatepost.storage.statement import Statement, Step, store_now_ms

_all = Statement(select(*signing_key.c).order_by(signing_key.c.sequence))
_claim = Statement(
    lambda insert: (
        insert(signing_key)
        .values(
            sequence=bindparam("sequence", type_=Integer),
            kid=bindparam("kid", type_=String),
            algorithm=bindparam("algorithm", type_=String),
            sealed=bindparam("sealed", type_=LargeBinary),
            created_at=store_now_ms(),
            active_from=store_now_ms() + bindparam("ahead_ms", type_=BigInteger),
        )
        .on_conflict_do_nothing()
        .returning(signing_key.c.sequence)
    )
)
_remove_others = Statement(
    update(signing_key)
    .where(signing_key.c.kid != bindparam("kept_kid", type_=String), signing_key.c.removed_at.is_(None))
    .values(removed_at=store_now_ms())
)
# Whatever has a successor of that age goes, and every older key with it: what is left tells the states of the rest.
_newer = signing_key.alias("newer")
_prune = Statement(
    delete(signing_key)
    .where(
        select(_newer.c.kid)
        .where(
            _newer.c.sequence > signing_key.c.sequence,
            _newer.c.active_from < store_now_ms() - bindparam("succeeded_ms", type_=BigInteger),
        )
        .exists()
    )
    .returning(signing_key.c.kid)
)
_reseal = Statement(
    update(signing_key)
    .where(
        signing_key.c.kid == bindparam("which", type_=String),
        signing_key.c.sealed == bindparam("old", type_=LargeBinary),
    )
    .values(sealed=bindparam("new", type_=LargeBinary))
    .returning(signing_key.c.kid)
)


async def read_keys(database: Database) -> list[tuple[KeyRow, bytes]]:
    """Return every key with its sealed private half, oldest first."""
    rows = await database.hot.read(_all)
    return [(KeyRow(row[0], row[1], row[2], row[4], row[5], row[6]), bytes(row[3])) for row in rows]


def claim_step(sequence: int, kid: str, algorithm: str, sealed: bytes, ahead_ms: int) -> Step:
    """Return the statement that inserts a key unless its number is taken; it returns a row if it won."""
    return _claim, {"sequence": sequence, "kid": kid, "algorithm": algorithm, "sealed": sealed, "ahead_ms": ahead_ms}


def remove_others_step(kid: str) -> Step:
    """Return the statement that removes every key but one, now."""
    return _remove_others, {"kept_kid": kid}


async def prune_keys(database: Database, succeeded_ms: int) -> int:
    """Delete every key whose successor has signed for that long; return how many."""
    return len((await database.hot.run((_prune, {"succeeded_ms": succeeded_ms})))[0])


async def reseal(database: Database, kid: str, old: bytes, new: bytes) -> bool:
    """Replace a seal unless somebody else did; return whether this call won."""
    return bool((await database.hot.run((_reseal, {"which": kid, "old": old, "new": new})))[0])
