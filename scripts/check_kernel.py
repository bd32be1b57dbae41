"""The kernel imports the standard library and itself, nothing else: import-linter can only forbid packages by name."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNEL = ROOT / "src" / "gatepost" / "kernel"


def main() -> int:
    """Print each import that is neither the standard library's nor the kernel's."""
    files = sorted(KERNEL.rglob("*.py"))
    findings = [
        f"{file.relative_to(ROOT)}:{line}: the kernel must not import {name}"
        for file in files
        for line, name in imports(ast.parse(file.read_text(encoding="utf-8")))
        if name.split(".")[0] not in sys.stdlib_module_names and not f"{name}.".startswith("gatepost.kernel.")
    ]
    print("\n".join(findings) or f"{len(files)} files, nothing found")
    return 1 if findings or not files else 0


def imports(tree: ast.Module) -> list[tuple[int, str]]:
    """Return line and module of every absolute import, inside functions too."""
    plain = [(node.lineno, each.name) for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names]
    origins = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0]
    return plain + [(node.lineno, node.module or "") for node in origins]


if __name__ == "__main__":
    sys.exit(main())
