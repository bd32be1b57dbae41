"""Alembic's entry: always on a connection that is handed in, never with an address of its own."""

from alembic import context

from gatepost.storage.migrate import VERSION_TABLE
from gatepost.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, render_as_batch=False)
with context.begin_transaction():
    context.run_migrations()
