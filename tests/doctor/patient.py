"""A deployment that nothing is wrong with, and the ids of what the doctor finds in one."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from tests.server.terminal import PRODUCTION, Terminal

HEALTHY: dict[str, Any] = {
    **PRODUCTION,
    "trusted_proxies": 1,
    "password_min_length": 15,
    "password_grant": "false",
    "hash_memory_kib": 19_456,
    "hash_time_cost": 2,
    "login_budget_address": "100/900",
    "login_budget_pair": "8/3600",
    "login_budget_account": "40/3600",
    "mail": "file",
    "unguarded_routes": "refuse",
    "password_range_url": "https://range.house.test",
}


def healthy(database_url: str, **changes: object) -> Terminal:
    """Return a terminal on a sound deployment; its tables and its administrator are made, its file is private."""
    terminal = Terminal(database_url, **HEALTHY)
    terminal.says("db", "upgrade")
    who = ("--email", "root@example.com", "--role", "admin", "--password-stdin")
    terminal.says("users", "create", *who, stdin="plum tuba of a quiet lighthouse\n")
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).chmod(0o600)
        for suffix in ("-wal", "-shm"):
            Path(f"{url.database}{suffix}").unlink(missing_ok=True)
    return terminal.with_settings(**changes) if changes else terminal


def found(terminal: Terminal, *words: str) -> list[str]:
    """Return the ids of the rules that the doctor finds broken, each once."""
    result = terminal("doctor", "--format", "json", *words)
    assert result.exit_code in {0, 1}, result.output
    return sorted({finding["rule"] for finding in json.loads(result.stdout)["findings"]})
