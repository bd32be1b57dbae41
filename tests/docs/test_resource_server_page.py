"""`docs/resource-server.md` lists every option with its default, and every dialect."""

import inspect
import re
from pathlib import Path

import pytest

from gatepost import Issuer, ResourceServer
from gatepost.trust.dialects import DIALECTS

PAGE = (Path(__file__).parents[2] / "docs" / "resource-server.md").read_text()
_TABLE = re.compile(r"^\| option \| default \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| (?:`(.*?)`)? ?\|", re.MULTILINE)


@pytest.mark.parametrize(("number", "kind"), [(0, ResourceServer), (1, Issuer)], ids=["ResourceServer", "Issuer"])
def test_every_option_is_on_the_page_with_its_default(number: int, kind: type) -> None:
    listed = [(name, default or None) for name, default in _ROW.findall(_TABLE.findall(PAGE)[number])]
    meant = [
        (name, None if option.default is inspect.Parameter.empty else repr(option.default).replace("'", '"'))
        for name, option in inspect.signature(kind).parameters.items()
    ]
    assert listed == meant


def test_every_dialect_is_on_the_page() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", PAGE.split("## Dialects")[1], re.MULTILINE)
    assert sorted(listed) == sorted(DIALECTS)
