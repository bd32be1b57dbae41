"""What `gatepost import` and `gatepost export` do."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gatepost.core.imports import Importer
from gatepost.core.imports.flow import exported_users
from gatepost.server.gates import find_gate, opened_database
from gatepost.server.importing.moving import Place, fill, move
from gatepost.server.importing.sources import engine_of, open_source
from gatepost.server.importing.story import import_users
from gatepost.server.outcome import NOT_UNDERSTOOD, CommandFailed
from gatepost.storage.migrate import require_current


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the operator asked for, as the options say it."""

    source: str
    form: str | None = None
    query: str | None = None
    mapping: Sequence[str] = ()
    name: str = "import"
    keeps_ids: bool = False
    skips_invalid: bool = False
    is_rehearsal: bool = False
    moves: Sequence[str] = ()
    fills: Sequence[str] = ()
    old_id: str = "id"
    references: str | None = field(default=None, repr=False)


async def import_people(wish: Wish, app: str | None) -> list[str]:
    """Import, then move what refers to the old ids; return the report's lines.

    Raises:
        CommandFailed: the sentence says why; InvalidInput: the mapping does not fit.
    """
    mapping = dict(_pair(text) for text in wish.mapping)
    moving, filling = [Place.of(text) for text in wish.moves], [Place.of(text) for text in wish.fills]
    elsewhere = wish.references or (wish.source if "://" in wish.source else None)
    if (moving or filling) and elsewhere is None:
        raise CommandFailed("--move and --fill need --references, the application's database", NOT_UNDERSTOOD)
    source = open_source(wish.source, query=wish.query, form=wish.form)
    async with opened_database(app) as database:
        await require_current(database)
        chosen = find_gate(app).settings
        importer = Importer(
            database,
            wish.name,
            admin_role=chosen.admin_role,
            keeps_ids=wish.keeps_ids,
            peppers=chosen.peppers(),
        )
        report = await import_users(
            source,
            importer,
            mapping=mapping,
            skips_invalid=wish.skips_invalid,
            is_rehearsal=wish.is_rehearsal,
        )
        lines = report.lines
        if wish.is_rehearsal or elsewhere is None or not (moving or filling):
            return lines
        engine = engine_of(elsewhere)
        lines += [f"{await move(engine, importer, place)} rows of {place.table} moved" for place in moving]
        lines += [
            f"{await fill(engine, importer, place, wish.old_id)} rows of {place.table} filled" for place in filling
        ]
        return lines


async def export_people(path: str, app: str | None) -> int:
    """Write everybody to a new file that only its owner can read; return how many.

    Raises:
        CommandFailed: there is such a file already.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandFailed(f"{path} exists already") from None
    count = 0
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            async with opened_database(app) as database:
                await require_current(database)
                async for record in exported_users(database):
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
                    count += 1
    except BaseException:
        Path(path).unlink()  # noqa: ASYNC240 - half of an export looks like a whole one
        raise
    return count


def _pair(text: str) -> tuple[str, str]:
    name, _, column = text.partition("=")
    if not name or not column:
        raise CommandFailed(f"--map {text}: write FIELD=COLUMN", NOT_UNDERSTOOD)
    return name, column
