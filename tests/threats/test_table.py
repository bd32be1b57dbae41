"""The threat table of SECURITY.md and the tests are one: neither names what the other does not have."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8") if path.exists() else "")
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


def _named() -> list[tuple[str, str]]:
    return NAMED.findall((ROOT / "SECURITY.md").read_text(encoding="utf-8"))


def test_every_test_that_the_table_names_exists() -> None:
    missing = [f"{path}::{name}" for path, name in _named() if name not in _tests_of(ROOT / path)]
    assert missing == []


def test_every_test_of_a_threat_stands_in_the_table() -> None:
    here = Path(__file__).parent
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in here.glob("test_*.py")
        if path != Path(__file__)
        for name in _tests_of(path)
    }
    assert found - set(_named()) == set()


def test_every_row_of_the_table_names_a_test() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8").split("## The threat table", 1)[1]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| threat ")]
    assert len(rows) >= 100
    assert [row for row in rows if not NAMED.search(row)] == []
