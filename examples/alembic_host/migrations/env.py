"""Alembic's entry. Two lines are Gatepost's: its tables first, and kept out of what autogenerate compares.

DATABASE_URL=sqlite:///app.db alembic -c examples/alembic_host/alembic.ini upgrade head
"""

import os

from alembic import context
from sqlalchemy import NullPool, create_engine

import gatepost.alembic
from examples.alembic_host.models import Base

with create_engine(os.environ["DATABASE_URL"], poolclass=NullPool).begin() as connection:
    gatepost.alembic.upgrade(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=gatepost.alembic.include_name,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
