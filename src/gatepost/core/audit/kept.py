"""Keys of the chain that outlive the secret they came from: kept in the database, sealed under the present one.

Links are never made anew (whoever holds a head outside would see another chain), so their keys are needed for as long
as they are.
"""

import contextlib
from collections.abc import Iterator, Mapping

from gatepost.core.audit import links
from gatepost.core.audit.chain import ChainKeys, key_id
from gatepost.crypto.sealed import SealBroken, is_current, seal, unseal
from gatepost.kernel.purpose import Purpose, PurposeKeys
from gatepost.storage.database import Database


async def load_keys(database: Database, keys: PurposeKeys) -> ChainKeys:
    """Return every key that is known; one whose seal does not open is not."""
    return ChainKeys(keys, _opened(keys, dict(await database.hot.read(links.keys))))


async def keep_keys(database: Database, keys: PurposeKeys) -> int:
    """Keep the keys of former secrets, sealed under the present one; return how many seals were written.

    One whose seal opens under no secret that is known here stays as it is: that secret may be found again.
    """
    kept = {name: bytes(sealed) for name, sealed in await database.hot.read(links.keys)}
    former = {key_id(key): key for key in keys.every(Purpose.AUDIT_CHAIN)[1:]}
    former |= {key_id(key): key for key in _opened(keys, kept)}
    stale = {name: key for name, key in former.items() if name not in kept or not is_current(keys, kept[name])}
    for name, key in stale.items():
        await database.hot.run(links.keep_key_step(name, seal(keys, key, context=_context(name))))
    return len(stale)


def _opened(keys: PurposeKeys, kept: Mapping[str, bytes]) -> Iterator[bytes]:
    for name, sealed in kept.items():
        with contextlib.suppress(SealBroken):
            yield unseal(keys, bytes(sealed), context=_context(name))


def _context(name: str) -> str:
    return f"audit-key:{name}"
