"""The development mailbox: every mail as a page and as JSON, behind a key."""
