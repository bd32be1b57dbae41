"""Users of other systems, with their hashes: read, judged, and written so that a second run makes nobody twice."""

from gatepost.core.imports.domain import ImportedUser, read_record
from gatepost.core.imports.flow import Identity, Importer, Outcome, Result

__all__ = ["Identity", "ImportedUser", "Importer", "Outcome", "Result", "read_record"]
