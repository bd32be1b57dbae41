"""How Alembic runs here: Gatepost's tables first, then the app's own, each with a history of its own.

What could go wrong: autogenerate proposes to drop every table it does not know; `include_name` hides Gatepost's.
"""

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, make_url

import gatepost.alembic
from backend.models import Base
from gatepost import Settings


def run(connection: Connection) -> None:
    """Upgrade on a connection whose transaction belongs to the caller."""
    gatepost.alembic.upgrade(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=gatepost.alembic.include_name,
        version_table="todo_version",
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    # From the command line: the same database by a driver that needs no event loop.
    address = make_url(Settings().url_of_database)
    driver = "sqlite" if address.get_backend_name() == "sqlite" else "postgresql+psycopg"
    with create_engine(address.set(drivername=driver), poolclass=NullPool).begin() as own:
        run(own)
