"""The trail of one Gatepost: read, verified, sealed and pruned."""

from collections.abc import Sequence

from gatepost.core.audit import pruning
from gatepost.core.audit.chain import HEAD, Place
from gatepost.core.audit.kept import keep_keys, load_keys
from gatepost.core.audit.pruning import AuditPolicy
from gatepost.core.audit.reading import AuditReader
from gatepost.core.audit.sealer import Follower, Sealer
from gatepost.core.audit.verifying import Report, read_marks, verify
from gatepost.kernel.purpose import PurposeKeys
from gatepost.storage.database import Database


class AuditTrail:
    """The audit trail.

    Args:
        database: started, with current tables.
        keys: from which the chain's keys derive.
        policy: how long rows are kept.
        followers: what is written with each sealed batch, in its transaction.
    """

    def __init__(
        self, database: Database, keys: PurposeKeys, policy: AuditPolicy, followers: Sequence[Follower] = ()
    ) -> None:
        self.reader = AuditReader(database)
        self.sealer = Sealer(database, keys, followers)
        self.policy = policy
        self._database = database
        self._keys = keys

    async def verify(self, *, expected: Place | None = None) -> Report:
        """Return what a verification of everything sees; `expected` is a head that was kept outside."""
        return await verify(self._database, await load_keys(self._database, self._keys), expected=expected)

    async def head(self) -> Place | None:
        """Return the last sealed place, or None where nothing is sealed yet."""
        mark = (await read_marks(self._database)).get(HEAD)
        return mark.place if mark is not None else None

    async def prune(self) -> int:
        """Take away what is older than the settings say, as far as one round goes; return how many rows went."""
        return await pruning.prune(self._database, self._keys, self.policy)

    async def prune_older(self, age_ms: int) -> int:
        """Take away everything that was sealed longer ago than an age; return how many rows went."""
        return await pruning.prune_older(self._database, self._keys, age_ms)

    async def keep_keys(self) -> int:
        """Keep the keys of former secrets under the present one; return how many seals were written."""
        return await keep_keys(self._database, self._keys)
