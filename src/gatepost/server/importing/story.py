"""The story of an import: judge everything, then write, then say what became of whom."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from gatepost.core.imports import ImportedUser, Importer, Outcome
from gatepost.core.imports.domain import FIELDS, column_names
from gatepost.kernel.errors import InvalidInput
from gatepost.server.importing.sources import Source, explained
from gatepost.server.outcome import FAILED, CommandFailed

_BATCH = 500
_SHOWN = 20


@dataclass(slots=True)
class Report:
    """What became of the records of one source."""

    columns: Mapping[str, str]
    admin_role: str
    unread: list[str]
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    administrators: int = 0

    @property
    def lines(self) -> list[str]:
        """The report for people; it holds no hash and no address."""
        read = ", ".join(f"{column} as {name}" for column, name in self.columns.items())
        lines = [f"read {read}"]
        if self.unread:
            lines.append(f"not read: {', '.join(self.unread)}")
        lines += _first(self.refused)
        lines += _first([f"{where}: somebody here has this e-mail address or username" for where in self.taken])
        lines += [f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items())]
        if self.administrators:
            lines.append(f"{self.administrators} of the source have the role {self.admin_role}")
        if self.refused:
            lines.append(f"{len(self.refused)} refused")
        return lines


async def import_users(
    source: Source, importer: Importer, *, mapping: Mapping[str, str], skips_invalid: bool, is_rehearsal: bool
) -> Report:
    """Import everybody of a source.

    Args:
        source: where they are.
        importer: writes them.
        mapping: field to column, as the operator said.
        skips_invalid: leave out what cannot be used; otherwise nothing is written where there is any.
        is_rehearsal: write nothing.

    Raises:
        CommandFailed: the source cannot be read, or holds what cannot be used.
        InvalidInput: the mapping does not fit the source.
    """
    try:
        columns = source.columns()
        names = column_names(columns, mapping)
        if not names.keys() & {column for column, meant in names.items() if meant in {"email", "username"}}:
            fields = ", ".join(FIELDS)
            raise CommandFailed(
                f"no column of the source is an e-mail address or a username: --map email=COLUMN ({fields})"
            )
        report = Report(names, importer.admin_role, sorted(set(columns) - set(names)))
        _judge(source, names, importer, report)
        if is_rehearsal:
            return report
        if report.refused and not skips_invalid:
            told, count = "\n".join(_first(report.refused)), len(report.refused)
            raise CommandFailed(
                f"nothing was written, {count} records cannot be used (--skip-invalid leaves them out):\n{told}", FAILED
            )
        await _write(source, names, importer, report)
    except SQLAlchemyError as error:
        raise explained(error) from None
    return report


def _judge(source: Source, names: Mapping[str, str], importer: Importer, report: Report) -> None:
    for place, record in enumerate(source.records(), 1):
        try:
            one = importer.read(record, names)
        except InvalidInput as refusal:
            report.refused.append(f"record {place}: {refusal.field} {refusal.reason}")
        else:
            report.administrators += report.admin_role in one.roles


async def _write(source: Source, names: Mapping[str, str], importer: Importer, report: Report) -> None:
    numbered = _usable(source, names, importer)
    while batch := list(itertools.islice(numbered, _BATCH)):
        results = await importer.write([one for _, one in batch])
        for (place, _), result in zip(batch, results, strict=True):
            report.outcomes[result.outcome] += 1
            if result.outcome is Outcome.TAKEN:
                report.taken.append(f"record {place}")


def _usable(source: Source, names: Mapping[str, str], importer: Importer) -> Iterator[tuple[int, ImportedUser]]:
    for place, record in enumerate(source.records(), 1):
        try:
            yield place, importer.read(record, names)
        except InvalidInput:
            continue


def _first(lines: list[str]) -> list[str]:
    shown = lines[:_SHOWN]
    return [*shown, f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else shown
