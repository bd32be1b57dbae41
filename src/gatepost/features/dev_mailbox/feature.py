"""The development mailbox: every mail as a page and as JSON, behind a key."""

from gatepost.feature import Feature
from gatepost.features.dev_mailbox.routes import router

dev_mailbox = Feature(name="dev_mailbox", router=router, is_for_development=True)
