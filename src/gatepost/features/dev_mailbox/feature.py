"""The development mailbox: every mail as a page and as JSON, behind a key."""

from gatepost.core.outbox.senders import prune_mailbox
from gatepost.feature import Feature
from gatepost.features.dev_mailbox.routes import router

dev_mailbox = Feature(
    name="dev_mailbox",
    router=router,
    pruning=[lambda host: prune_mailbox(host.core.database)],
    is_for_development=True,
)
