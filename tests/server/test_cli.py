"""The command as a whole: its groups, its help, its laziness."""

import sys

import pytest

from gatepost.server.cli import GROUPS
from tests.server.terminal import Terminal


def test_help_names_every_group_and_imports_none(terminal: Terminal) -> None:
    code = """
import sys
sys.argv = ["gatepost", "--help"]
from gatepost.server.cli import main
try:
    main()
except SystemExit as end:
    print(end.code, *sorted(name for name in sys.modules if name.startswith(("gatepost.server", "uvicorn"))))
"""
    out, error = terminal.python(code).communicate(timeout=60)
    assert error == ""
    assert all(f" {name} " in out for name in (*GROUPS, "serve"))
    *_, last = out.splitlines()
    assert last.split() == ["0", "gatepost.server", "gatepost.server.cli", *COMMANDS]


COMMANDS = [f"gatepost.server.commands{name}" for name in ("", ".importing", ".options")]


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_shows_its_commands(terminal: Terminal, group: str) -> None:
    result = terminal(group, "--help")
    assert (result.exit_code, GROUPS[group] in result.stdout) == (0, True)
    assert f"gatepost.server.commands.{group}" in sys.modules


@pytest.mark.parametrize(
    "words", [("nothing",), ("users", "nothing"), ("keys", "list", "--nothing"), ("serve", "--port", "0")]
)
def test_what_is_not_understood_ends_with_two(terminal: Terminal, words: tuple[str, ...]) -> None:
    result = terminal(*words)
    assert (result.exit_code, "Traceback" in result.output) == (2, False)
