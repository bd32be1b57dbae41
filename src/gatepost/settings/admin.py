"""Administrators: their role, the first one, and how long one may act as a user."""

from typing import Annotated

from pydantic import Field

from gatepost.core.users.administrators import AdminPolicy
from gatepost.settings.place import PlaceSettings


class AdminSettings(PlaceSettings):
    """Administrators."""

    admin_role: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.:-]{0,63}$")] = "admin"
    setup_link: bool = True
    impersonation_lifetime: Annotated[int, Field(ge=60, le=3_600)] = 900

    def admin_policy(self) -> AdminPolicy:
        """Return who administers."""
        return AdminPolicy(
            role=self.admin_role, has_setup_link=self.setup_link, impersonation=self.impersonation_lifetime
        )
