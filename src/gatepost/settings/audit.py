"""The audit trail, its retention, and who else is told."""

from gatepost.settings.place import PlaceSettings


class AuditSettings(PlaceSettings):
    """The audit trail."""
