"""`docs/settings.md` lists every option once, with the default and the bounds that the code has, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from gatepost import Settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
_ROW = re.compile(r"^\| `GATEPOST_([A-Z_]+)` \| `([^`]*)` \|([^|]*)\| (.+) \|$", re.MULTILINE)
ROWS = {name.lower(): (default, bounds.strip()) for name, default, bounds, _ in _ROW.findall(PAGE.read_text())}


def written(default: object) -> str:
    """Return a default as the environment would hold it."""
    if default is None:
        return "none"
    if isinstance(default, str | Path):
        return str(default)
    if isinstance(default, tuple):
        return json.dumps(list(default))
    return f"{default:g}" if isinstance(default, float) else json.dumps(default)


def metadata(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    for part in get_args(field.annotation):  # of `Annotated[...] | None`
        for one in getattr(part, "__metadata__", ()):
            yield from getattr(one, "metadata", (one,))


def bounds(field: FieldInfo) -> str | None:
    """Return how the page writes the bounds of a number."""
    found = list(metadata(field))
    low = next((one.ge for one in found if isinstance(one, Ge)), None)
    high = next((one.le for one in found if isinstance(one, Le)), None)
    if low is None:
        return None
    return f"{low} or more" if high is None else f"{low} to {high}"


def test_every_option_stands_on_the_page_once_and_no_other() -> None:
    assert sorted(ROWS) == sorted(Settings.model_fields)
    assert len(_ROW.findall(PAGE.read_text())) == len(ROWS)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_default_and_bounds_are_those_of_the_code(name: str) -> None:
    field = Settings.model_fields[name]
    default, may_be = ROWS[name]
    assert default == written(field.default)
    expected = bounds(field)
    if expected is not None:
        assert may_be == expected


def test_a_choice_is_listed_whole() -> None:
    for name in ("env", "mail", "signing_algorithm", "throttle"):
        assert ROWS[name][1] == ", ".join(f"`{choice}`" for choice in get_args(Settings.model_fields[name].annotation))
