"""`docs/doctor.md` lists every rule with its level and its standard, in their order, and no other."""

import re
from pathlib import Path

from gatepost.server.doctor import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()
_ROW = re.compile(r"^\| `([a-z-]+)` \| (\w+) \| ([^|]+) \| .+ \|$", re.MULTILINE)


def test_the_page_lists_every_rule_as_it_is() -> None:
    assert _ROW.findall(PAGE) == [(rule.id, rule.level.value, rule.standard) for rule in RULES]
