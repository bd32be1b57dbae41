"""A copy of the embedded database while it is in use (SQLite's online backup): whole, checked, its owner's alone."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from gatepost.server.outcome import CommandFailed
from gatepost.storage.database import parse_url

_PAGES, _PAUSE_S = 1_000, 0.005  # a step at a time, so that writers are not kept waiting


def back_up(database_url: str, target: Path) -> int:
    """Copy the database to a file that does not exist yet; return its size in bytes.

    Raises:
        CommandFailed: it is no SQLite file, the target exists, or the copy is damaged.
    """
    url = parse_url(database_url)
    if url.get_backend_name() != "sqlite":
        raise CommandFailed("this is for SQLite; PostgreSQL has pg_dump, and base backups with a replication log")
    source = Path(str(url.database))
    if not source.is_file():
        raise CommandFailed(f"there is no database {source.name}")
    draft = target.with_name(f"{target.name}.part")
    try:
        for path in (target, draft):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise CommandFailed(f"{error.filename} exists already") from None
    try:
        _copy(source, draft)
        draft.replace(target)
    except BaseException:
        for path in (draft, target):
            path.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _copy(source: Path, draft: Path) -> None:
    reading = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)
    with closing(reading) as reader, closing(sqlite3.connect(draft)) as writer:
        reader.backup(writer, pages=_PAGES, sleep=_PAUSE_S)
        writer.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        verdict = writer.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise CommandFailed(f"the copy is damaged: {str(verdict)[:200]}")
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
