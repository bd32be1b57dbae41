"""The command as a person runs it: in a folder of its own, its settings in the environment."""

import json
import os
import subprocess
import sys
from functools import partial
from typing import Any

from anyio import to_thread
from typer.testing import CliRunner, Result

from gatepost.server.cli import cli
from tests.harness import CHEAP

PRODUCTION = {
    "env": "production",
    "public_url": "https://id.house.test",
    "secret": "0123456789abcdef" * 4,
    "mail": "none",
}
Words = tuple[str, ...]


class Terminal:
    """Runs `gatepost` with settings, in this process or in one of its own."""

    def __init__(self, database_url: str, **settings: object) -> None:
        self.settings: dict[str, object] = {**CHEAP, "database_url": database_url, **settings}

    def with_settings(self, **changes: object) -> "Terminal":
        """Return another one on the same database; None takes a setting away."""
        settings = {**self.settings, **changes}
        return Terminal(**{name: value for name, value in settings.items() if value is not None})  # type: ignore[arg-type]

    @property
    def environment(self) -> dict[str, str]:
        return {f"GATEPOST_{name.upper()}": _written(value) for name, value in self.settings.items()}

    def __call__(self, *words: str, stdin: str = "") -> Result:
        """Run in this process."""
        result: Result = CliRunner().invoke(cli, words, input=stdin, env=self.environment)
        return result

    def says(self, *words: str, stdin: str = "") -> str:
        """Run what must succeed, and return what it prints."""
        result = self(*words, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    async def aside(self, *words: str, stdin: str = "") -> str:
        """Run what must succeed while a Gatepost runs on this loop."""
        return await to_thread.run_sync(partial(self.says, *words, stdin=stdin))

    def begin(self, *words: str, **more: Any) -> "subprocess.Popen[str]":  # noqa: ANN401 - as Popen
        """Start `gatepost` in a process of its own."""
        return self.python("from gatepost.server.cli import main; main()", *words, **more)

    def python(self, code: str, *words: str, **more: Any) -> "subprocess.Popen[str]":  # noqa: ANN401 - as Popen
        """Start some Python in a process of its own."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        environment = {**os.environ, **self.environment}
        process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-c", code, *words], env=environment, text=True, **pipes
        )
        return process


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
