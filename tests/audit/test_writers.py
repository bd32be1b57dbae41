"""Every event of the closed set is written by somebody: a name that nobody writes promises what is not kept."""

import re
from pathlib import Path

import gatepost
from gatepost.core.audit import AuditEvent

SOURCE = Path(gatepost.__file__).parent
_NOT_WRITERS = {SOURCE / "core" / "audit" / "domain.py", SOURCE / "core" / "webhooks" / "domain.py"}
AWAITED: frozenset[str] = frozenset()


def test_every_event_has_a_writer() -> None:
    texts = [path.read_text() for path in SOURCE.rglob("*.py") if path not in _NOT_WRITERS]
    written = {name for text in texts for name in re.findall(r"\bAuditEvent\.([A-Z_]+)\b", text)}
    assert {event.name for event in AuditEvent} - written == AWAITED
