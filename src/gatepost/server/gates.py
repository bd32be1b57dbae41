"""Finding the Gatepost that a command works on: by `--app module:attribute`, or from the environment alone."""

import importlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from gatepost.gate import Gatepost
from gatepost.kernel.errors import ConfigurationError
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed, sentence_of
from gatepost.settings import Settings
from gatepost.storage.database import Database
from gatepost.web.host import STATE
from gatepost.web.policy import GuardPolicy
from gatepost.web.resource_server import ResourceServer

APP = "GATEPOST_APP"


def find_gate(app: str | None) -> Gatepost[Any]:
    """Return the Gatepost of `module:attribute`, or one with the settings of the environment.

    Raises:
        CommandFailed: there is no such thing, or it is no Gatepost.
    """
    if not app:
        return Gatepost()
    found = _found(app)
    if not isinstance(found, Gatepost):
        raise CommandFailed(f"--app {app} is a {type(found).__name__}: name the Gatepost itself", NOT_UNDERSTOOD)
    return found


def find_applications(app: str | None) -> list[tuple[FastAPI, GuardPolicy]]:
    """Return the application of `module:attribute`, or those that a Gatepost of that name is installed in.

    Raises:
        CommandFailed: there is no such thing, or it is neither.
    """
    if not app:
        raise CommandFailed("name the application: --app module:attribute, for example main:app", NOT_UNDERSTOOD)
    found = _found(app)
    if isinstance(found, FastAPI):
        host = getattr(found.state, STATE, None)
        return [(found, host.web if isinstance(host, Gatepost | ResourceServer) else Settings().web_policy())]
    if isinstance(found, Gatepost) and found.installed:
        return [(installed, found.web) for installed, _ in found.installed]
    what = "installed in no application" if isinstance(found, Gatepost) else f"a {type(found).__name__}"
    raise CommandFailed(f"--app {app} is {what}: name the FastAPI application", NOT_UNDERSTOOD)


def _found(app: str) -> object:
    module_name, _, attribute = app.partition(":")
    if not module_name or not attribute:
        raise CommandFailed(f"--app {app}: write module:attribute, for example main:gate", NOT_UNDERSTOOD)
    if os.getcwd() not in sys.path:  # noqa: PTH109 - an entry of the path is text
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        found: object = importlib.import_module(module_name)
        for name in attribute.split("."):
            found = getattr(found, name)
    except ConfigurationError:
        raise
    except Exception as error:
        reason = str(error) if isinstance(error, (ImportError, AttributeError)) else sentence_of(error)[0]
        raise CommandFailed(f"--app {app} cannot be imported: {reason}", NOT_UNDERSTOOD) from error
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
