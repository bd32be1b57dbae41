"""Finding the Gatepost that a command works on: by `--app module:attribute`, or from the environment alone."""

import importlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gatepost.gate import Gatepost
from gatepost.kernel.errors import ConfigurationError
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed, sentence_of
from gatepost.storage.database import Database

APP = "GATEPOST_APP"


def find_gate(app: str | None) -> Gatepost[Any]:
    """Return the Gatepost of `module:attribute`, or one with the settings of the environment.

    Raises:
        CommandFailed: there is no such thing, or it is no Gatepost.
    """
    if not app:
        return Gatepost()
    module_name, _, attribute = app.partition(":")
    if not module_name or not attribute:
        raise CommandFailed(f"--app {app}: write module:attribute, for example main:gate", NOT_UNDERSTOOD)
    if os.getcwd() not in sys.path:  # noqa: PTH109 - an entry of the path is text
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        found: Any = importlib.import_module(module_name)
        for name in attribute.split("."):
            found = getattr(found, name)
    except ConfigurationError:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, (ImportError, AttributeError)) else sentence_of(error)[0]
        raise CommandFailed(f"--app {app} cannot be imported: {reason}", NOT_UNDERSTOOD) from error
    if not isinstance(found, Gatepost):
        raise CommandFailed(f"--app {app} is a {type(found).__name__}: name the Gatepost itself", NOT_UNDERSTOOD)
    return found


@asynccontextmanager
async def opened(app: str | None) -> AsyncIterator[Gatepost[Any]]:
    """Start a Gatepost for one command; it serves nobody and sends no mail."""
    gate = find_gate(app)
    async with gate.lifespan(is_serving=False):
        yield gate


@asynccontextmanager
async def opened_database(app: str | None) -> AsyncIterator[Database]:
    """Start only the database: for what must work before the tables or the keys are right."""
    gate = find_gate(app)
    database = Database(gate.settings.url_of_database, gate.clock, pool_size=gate.settings.database_pool_size)
    try:
        await database.start()
        yield database
    finally:
        await database.stop()
