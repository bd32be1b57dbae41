"""Starting the server: what must be right is tried first, so that a mistake is one sentence and no crash of workers."""

import atexit
import os
import shutil
import tempfile
from typing import Any

import typer
import uvicorn

from gatepost.crypto.capacity import hash_threads
from gatepost.gate import Gatepost
from gatepost.kernel.errors import ConfigurationError
from gatepost.server.gates import APP, find_gate
from gatepost.server.logs import log_config
from gatepost.server.loopback import is_loopback
from gatepost.server.metrics import FOLDER
from gatepost.server.outcome import FAILED, execute
from gatepost.settings import Settings

_DRAIN_S = 30


def serve(*, host: str, port: int, workers: int, app: str | None) -> None:
    """Serve until a signal ends it; ends the command with a sentence where it cannot begin."""

    async def rehearse() -> bool:
        if app:
            os.environ[APP] = app  # worker processes find it there
        else:
            _adopt_address(host, port)
        gate = find_gate(app)
        _refuse_unsafe(gate, host, workers)
        _share_cores(gate, workers)
        async with gate.lifespan(is_serving=False):
            return gate.web.is_development

    is_development = execute(rehearse)
    if workers > 1:
        os.environ[FOLDER] = folder = tempfile.mkdtemp(prefix="gatepost-metrics-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        uvicorn.run(
            "gatepost.server.app:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            lifespan="on",
            log_config=log_config(is_development=is_development),
            server_header=False,
            proxy_headers=False,  # whom to believe about addresses is GATEPOST_TRUSTED_PROXIES' business alone
            timeout_graceful_shutdown=_DRAIN_S,
        )
    except SystemExit as end:  # uvicorn has said why
        raise typer.Exit(FAILED if end.code else 0) from None


def _adopt_address(host: str, port: int) -> None:
    """In development, where nobody said what the address is, it is the one that is bound."""
    settings = Settings()
    if settings.public_url is None and not settings.is_production and is_loopback(host):
        name = f"[{host}]" if ":" in host else "localhost"
        os.environ["GATEPOST_PUBLIC_URL"] = f"http://{name}:{port}"


def _refuse_unsafe(gate: Gatepost[Any], host: str, workers: int) -> None:
    if not gate.settings.is_production and not is_loopback(host):
        raise ConfigurationError(
            f"GATEPOST_ENV=development serves this machine only, not {host}: "
            "bind 127.0.0.1, or use GATEPOST_ENV=production"
        )
    if workers > 1 and gate.settings.throttle == "memory":
        raise ConfigurationError(
            "GATEPOST_THROTTLE=memory counts in each process alone: use sql with more than one worker"
        )


def _share_cores(gate: Gatepost[Any], workers: int) -> None:
    """Give each worker its part of the cores for hashing: a pool that is larger than the machine slows everything."""
    if workers > 1 and gate.settings.hash_threads is None:
        os.environ["GATEPOST_HASH_THREADS"] = str(hash_threads(gate.settings.hash_memory_kib, workers))
