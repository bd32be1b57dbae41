"""`docs/cli.md` has a section for every command, with every option of it and its default, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gatepost.server.cli import cli

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
_SECTION = re.compile(r"^## `gatepost ([a-z -]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `(--[a-z-]+)` \|([^|]*)\| .+ \|$", re.MULTILINE)
SECTIONS = dict(_SECTION.findall(PAGE))


def every(command: Any, *words: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's command
    """Yield every command with its words."""
    context = command.make_context("gatepost", [], resilient_parsing=True)
    if not hasattr(command, "list_commands"):
        yield " ".join(words), command
        return
    for name in command.list_commands(context):
        yield from every(command.get_command(context, name), *words, name)


COMMANDS = dict(every(get_command(cli)))


def test_every_command_has_a_section_and_no_other() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_of_a_command_stands_in_its_section_with_its_default(words: str) -> None:
    options = [one for one in COMMANDS[words].params if one.param_type_name == "option" and one.name != "help"]
    expected = {
        one.opts[-1]: f"`{one.default}`" if isinstance(one.default, (int, str)) and not one.is_flag else ""
        for one in options
    }
    assert {name: default.strip() for name, default in _ROW.findall(SECTIONS[words])} == expected


@pytest.mark.parametrize("words", COMMANDS)
def test_every_argument_is_named_in_its_section(words: str) -> None:
    for one in COMMANDS[words].params:
        if one.param_type_name == "argument":
            assert str(one.metavar or one.name).upper() in SECTIONS[words]
