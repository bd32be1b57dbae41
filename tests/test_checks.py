"""The checks of the tree find what they are for, and only that."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "check_tree.py"))
MARK = "TO" + "DO"
SKIP = "pytest.mark.sk" + "ip"


def findings(folder: Path, name: str, text: str) -> list[tuple[int, str]]:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return list(SCRIPT["check"](file))


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.txt", "see\n/ho" + "me/someone/notes", 2),
        ("a.txt", "--index" + "-url https://mirror.example/simple", 1),
        ("a.txt", "https://pypi" + ".org/simple", 1),
        ("package-lock.json", '"resol' + 'ved": "https://mirror.example/a.tgz"', 1),
        ("a.py", f"# {MARK} later", 1),
        ("a.ts", "it.on" + "ly('works', run)", 1),
        ("a.tsx", "\n" * 301, 301),
        ("a.py", f"@{SKIP}\ndef test_a() -> None: ...", 1),
        ("a.py", f"@{SKIP}if(True)\ndef test_a() -> None: ...", 1),
        ("a.md", "text\n[a page](gone.md#part)", 2),
        ("a.md", "[a page]: gone.md", 1),
    ],
)
def test_a_broken_rule_is_found_on_its_line(tmp_path: Path, name: str, text: str, line: int) -> None:
    assert [found for found, _ in findings(tmp_path, name, text)] == [line]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", f"/auth/home/, src/{'work'}/a.py, ~/tmp/x, https://example.com/home/page"),
        ("a.py", f'{MARK}_LIMIT = 3  # the Todo app\nx = pytest.mark.skip(reason="no server")'),
        ("a.py", "\n" * 300),
        ("package-lock.json", f'"integrity": "sha512-a+{MARK}+b"'),
        ("a.md", "[a](a.md#here) [b](https://example.com) [c](#below) `[d](gone.md)`\n```\n[e](gone.md)\n```"),
    ],
)
def test_what_keeps_the_rules_is_left_alone(tmp_path: Path, name: str, text: str) -> None:
    assert findings(tmp_path, name, text) == []


def test_a_file_that_is_not_text_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\xff" + MARK.encode())
    assert list(SCRIPT["check"](tmp_path / "a.png")) == []
