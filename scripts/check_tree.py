"""What no linter sees: rules about every file of the tree.

Prints one line a finding and exits with 1 where there is one. The patterns are put together from parts where this file
would find itself.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE = {".py", ".ts", ".tsx"}
LONGEST = 300

MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:work|root|home|Users|tmp)/")
REGISTRY = re.compile(
    "|".join(
        (
            r"pypi\." + "org",
            r"python" + r"hosted\.org",
            r"registry\.(?:npm" + "js|yarn" + "pkg)",
            r'"resolved": *"' + "http",
            r"--(?:extra-)?index-url[ =]\S*://",
        )
    )
)
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
FOCUSED = re.compile(r"\b(?:it|test|describe)\.(?:only|skip|to" + r"do|fails)\b")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|^\s*\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)

Finding = tuple[int, str]


def main() -> int:
    """Check each file that git knows or would add."""
    listing = ("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    files = sorted({ROOT / name for name in names if name and (ROOT / name).is_file()})
    findings = [f"{file.relative_to(ROOT)}:{line}: {what}" for file in files for line, what in sorted(check(file))]
    print("\n".join(findings) or f"{len(files)} files, nothing found")
    return 1 if findings else 0


def check(file: Path) -> Iterator[Finding]:
    """Yield line and finding for one file; a file that is not text has none."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    is_lock = file.name == "package-lock.json"  # its base64 may spell any word
    for number, line in enumerate(text.splitlines(), 1):
        if MACHINE_PATH.search(line):
            yield number, "a path of somebody's machine"
        if REGISTRY.search(line):
            yield number, "the address of a package registry"
        if not is_lock and UNFINISHED.search(line):
            yield number, "an unfinished mark: finish it, or open an issue"
        if file.suffix in {".ts", ".tsx"} and FOCUSED.search(line):
            yield number, "a test that does not run, or keeps others from running"
    if file.suffix in CODE and text.count("\n") > LONGEST and "auto-generated" not in text[:200]:
        yield LONGEST + 1, f"more than {LONGEST} lines: split it by what it does"
    if file.suffix == ".py":
        yield from silent_skips(ast.parse(text, str(file)))
    if file.suffix == ".md":
        yield from broken_links(file, text)


def silent_skips(tree: ast.Module) -> Iterator[Finding]:
    """Yield pytest's skip, skipif and xfail where they give no reason."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            needed = 2 if name.endswith(".skipif") else 1  # a condition is no reason
            has_reason = len(node.args) >= needed and not name.endswith(".mark.xfail")
            has_reason = has_reason or any(keyword.arg == "reason" for keyword in node.keywords)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from ((each.lineno, "a bare skip or xfail") for each in node.decorator_list if is_bare_mark(each))
            continue
        else:
            continue
        if re.fullmatch(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail)", name) and not has_reason:
            yield node.lineno, f"{name} without a reason"


def is_bare_mark(decorator: ast.expr) -> bool:
    """Tell whether a decorator is `pytest.mark.skip` or `pytest.mark.xfail` without a call."""
    return ast.unparse(decorator) in {"pytest.mark.skip", "pytest.mark.xfail"}


def broken_links(file: Path, text: str) -> Iterator[Finding]:
    """Yield relative links that lead nowhere; code is not read."""
    prose = FENCE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
    for match in LINK.finditer(prose):
        target = (match[1] or match[2]).partition("#")[0]
        if target and not re.match(r"[a-z][a-z0-9+.-]*:", target) and not (file.parent / target).exists():
            yield prose.count("\n", 0, match.start()) + 1, f"a link that leads nowhere: {target}"


if __name__ == "__main__":
    sys.exit(main())
