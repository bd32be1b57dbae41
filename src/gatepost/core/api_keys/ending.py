"""What keys outlive.

A key dies with the epoch that it was made under, so that whatever ends every credential of a user ends the keys too.
The few changes after which programs shall go on carry the living keys over into the new epoch, by name
(`docs/decisions/0011-api-keys-and-epochs.md`).
"""

import uuid

from sqlalchemy import BigInteger, Uuid, bindparam, update

from gatepost.storage.schema import api_key
from gatepost.storage.statement import Statement
from gatepost.storage.unit_of_work import UnitOfWork

_epoch = bindparam("epoch", type_=BigInteger)
_carry_over = Statement(
    update(api_key)
    .where(
        api_key.c.user_id == bindparam("user_id", type_=Uuid),
        api_key.c.epoch == _epoch - 1,
        api_key.c.revoked_at.is_(None),
    )
    .values(epoch=_epoch)
)


async def carry_over(work: UnitOfWork, user_id: uuid.UUID, epoch: int) -> None:
    """Let the keys of a user go on, whose epoch has just moved to `epoch` in the same transaction."""
    await work.run(_carry_over, user_id=user_id, epoch=epoch)
