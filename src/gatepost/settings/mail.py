"""Mail: how it leaves, and what it looks like."""

from pydantic import SecretStr

from gatepost.settings.place import PlaceSettings


class MailSettings(PlaceSettings):
    """Mail."""

    mailbox_key: SecretStr | None = None
