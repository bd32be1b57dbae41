"""For a host's own Alembic: bring our tables up before its own, and keep autogenerate away from them.

In the host's `env.py`: `gatepost.alembic.upgrade(connection)` before its migrations, and
`include_name=gatepost.alembic.include_name` in `context.configure(...)`; without the latter an autogenerate would
propose to drop every table that the host does not know.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gatepost.storage import migrate


def upgrade(connection: Connection) -> None:
    """Bring Gatepost's tables up to date on a synchronous connection, inside its transaction."""
    migrate.upgrade(connection)


def include_name(name: str | None, type_: str, parent_names: Mapping[Any, Any]) -> bool:
    """Return False for what is Gatepost's, so that the host's history leaves it alone."""
    table = name if type_ == "table" else parent_names.get("table_name")
    return not (isinstance(table, str) and table.startswith("gatepost_"))
