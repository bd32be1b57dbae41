"""Every message of the mail templates is translated, and each compiled catalog is its source (GNU gettext's MO format).

`--write` adds new messages to the sources, empty, and compiles them. Prints one line a finding and exits with 1 where
there is one.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

ROOT = Path(__file__).resolve().parent.parent
OUTBOX = ROOT / "src" / "gatepost" / "core" / "outbox"
FIELD = re.compile(r"%\((\w+)\)s")
KEYWORD = re.compile(r'(msgid|msgid_plural|msgstr(?:\[(\d)\])?) (".*")')
MAGIC = 0x950412DE

Key = tuple[str, ...]  # one message, or one with its plural
Catalog = dict[Key, tuple[str, ...]]


def main() -> int:
    """Check each catalog, or write it."""
    wanted = set(messages())
    findings: list[str] = []
    for source in sorted((OUTBOX / "locale").glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if "--write" in sys.argv:
            add(source, wanted)
            compiled.write_bytes(packed(read(source.read_text(encoding="utf-8"))))
        catalog = read(source.read_text(encoding="utf-8"))
        name = source.relative_to(ROOT)
        findings += [f"{name}: {what}" for what in check(catalog, wanted)]
        if not compiled.is_file() or compiled.read_bytes() != packed(catalog):
            findings.append(f"{compiled.relative_to(ROOT)}: is not what {source.name} says: run `make translations`")
    print("\n".join(findings) or f"{len(wanted)} messages, nothing found")
    return 1 if findings or not wanted else 0


def messages() -> Iterator[Key]:
    """Yield each message of the templates."""
    environment = Environment()  # noqa: S701 - it renders nothing
    for path in sorted((OUTBOX / "templates").glob("*.j2")):
        for _, _, message in extract_from_ast(environment.parse(path.read_text(encoding="utf-8"))):
            parts = (message,) if isinstance(message, str) else message or ()
            yield tuple(part for part in parts if part is not None)


def check(catalog: Catalog, wanted: set[Key]) -> Iterator[str]:
    """Yield what is missing, superfluous, empty, or fills in other values than the message."""
    for key in sorted(wanted - catalog.keys()):
        yield f"not there: {key[0]!r}"
    for key, forms in sorted(catalog.items()):
        if key == ("",):
            continue
        if key not in wanted:
            yield f"no template says: {key[0]!r}"
        if not all(forms):
            yield f"not translated: {key[0]!r}"
        elif any(set(FIELD.findall(form)) != set(FIELD.findall(key[0])) for form in forms):
            yield f"fills in other values: {key[0]!r}"


def read(text: str) -> Catalog:
    """Return the catalog of a PO file; the entry of the empty message is its header."""
    catalog: Catalog = {}
    for block in re.split(r"\n\s*\n", text):
        ids: list[str] = []
        forms: list[str] = []
        current = ids
        for line in block.splitlines():
            if match := KEYWORD.fullmatch(line):
                current = ids if match[1].startswith("msgid") else forms
                current.append(ast.literal_eval(match[3]))
            elif line.startswith('"'):
                current[-1] += ast.literal_eval(line)
            elif line and not line.startswith("#"):
                msg = f"not a line of a catalog: {line}"
                raise ValueError(msg)
        if ids:
            catalog[tuple(ids)] = tuple(forms)
    return catalog


def add(source: Path, wanted: set[Key]) -> None:
    """Append what a source does not have yet."""
    missing = sorted(wanted - read(source.read_text(encoding="utf-8")).keys())
    with source.open("a", encoding="utf-8") as file:
        for one, *many in missing:
            file.write(f"\nmsgid {quoted(one)}\n")
            file.writelines(f"msgid_plural {quoted(plural)}\n" for plural in many)
            file.write('msgstr[0] ""\nmsgstr[1] ""\n' if many else 'msgstr ""\n')


def quoted(text: str) -> str:
    """Return a string as a PO file writes it."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"'


def packed(catalog: Catalog) -> bytes:
    """Return a catalog as a MO file: a header, two tables of lengths and offsets, the texts."""
    entries = sorted(("\0".join(key).encode(), "\0".join(forms).encode()) for key, forms in catalog.items())
    count, start = len(entries), 28 + 16 * len(entries)
    tables: list[bytes] = []
    texts = b""
    for column in (0, 1):
        for entry in entries:
            tables.append(struct.pack("<II", len(entry[column]), start + len(texts)))
            texts += entry[column] + b"\0"
    header = struct.pack("<7I", MAGIC, 0, count, 28, 28 + 8 * count, 0, start)
    return header + b"".join(tables) + texts


if __name__ == "__main__":
    sys.exit(main())
