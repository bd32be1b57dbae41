"""The link that makes the first administrator of a server that has never had one.

It stands in the console of whoever started the server, so it is short-lived and good once. Its token is a MAC over a
number that the database keeps, so that every process of one server prints the same, and a restart too.
"""

import hmac

from sqlalchemy import BigInteger, bindparam, select

from gatepost.kernel.purpose import Purpose, PurposeKeys
from gatepost.kernel.tokens import keyed_hash
from gatepost.storage.database import Database
from gatepost.storage.schema import meta
from gatepost.storage.statement import Statement, store_now_ms

LIFETIME_S = 3_600
_NAME = "setup"

_renew = Statement(
    lambda insert: (
        row := insert(meta).values(name=_NAME, value=store_now_ms() + bindparam("lifetime_ms", type_=BigInteger))
    ).on_conflict_do_update(
        index_elements=[meta.c.name],
        set_={"value": row.excluded.value},
        where=meta.c.value <= store_now_ms(),
    )
)
_read = Statement(select(meta.c.value).where(meta.c.name == _NAME, meta.c.value > store_now_ms()))


async def setup_token(database: Database, keys: PurposeKeys) -> str | None:
    """Return the token that is good now, a new one where the last has expired."""
    await database.hot.run((_renew, {"lifetime_ms": LIFETIME_S * 1000}))
    rows = await database.hot.read(_read)
    return _token(keys.current(Purpose.FIRST_ADMIN), rows[0][0]) if rows else None


async def is_setup_token(database: Database, keys: PurposeKeys, token: str) -> bool:
    """Whether a token is the one that is good now, compared in constant time."""
    rows = await database.hot.read(_read)
    given = token.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(given, _token(key, rows[0][0]).encode()) for key in keys.every(Purpose.FIRST_ADMIN) if rows
    )


def _token(key: bytes, number: int) -> str:
    return keyed_hash(key, _NAME, str(number))
