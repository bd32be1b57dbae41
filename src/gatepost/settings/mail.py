"""Mail: how it leaves, and what it looks like."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from gatepost.kernel.text import clean_text
from gatepost.settings.place import PlaceSettings

_MAX_APP_NAME = 60


class MailSettings(PlaceSettings):
    """Mail."""

    app_name: str | None = None
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", max_length=35)] = "en"
    mailbox_key: SecretStr | None = None

    @field_validator("app_name")
    @classmethod
    def _app_name_is_a_name(cls, value: str | None) -> str | None:
        return clean_text(value, field="app_name", max_length=_MAX_APP_NAME) or None if value else None

    def name_of_app(self) -> str:
        """Return what the application calls itself; the host of its public URL where it says nothing."""
        return self.app_name or urlsplit(self.checked_public_url()).hostname or ""
