"""What "this was not me" does to accounts elsewhere: whoever broke in may have connected one of his own."""

from sqlalchemy.ext.asyncio import AsyncConnection

from gatepost.core.audit.domain import NOWHERE
from gatepost.core.users import AccountDisowned
from gatepost.feature import FeatureHost
from gatepost.kernel.events import Listeners
from gatepost.storage.unit_of_work import UnitOfWork


def listeners(host: FeatureHost, on: Listeners) -> None:
    """Disconnect every one of them where somebody says that it was not them; their tokens go, too."""

    async def disconnect(event: AccountDisowned, connection: AsyncConnection) -> None:
        work = await UnitOfWork.of(host.core.database, connection)
        await host.core.identities.remove_all(work, event.user_id, NOWHERE, reason="disowned")

    on.on(AccountDisowned, within=True)(disconnect)
