"""`gatepost audit`: the trail, from the terminal.

What the terminal shows is escaped: a user agent is a stranger's text, and a terminal obeys control characters.
"""

import json
import sys
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from gatepost.core.audit.chain import Place
from gatepost.core.audit.reading import AuditFilter, AuditRow, exported_step
from gatepost.core.audit.rendering import as_members, csv_header, csv_line, json_line, written
from gatepost.core.audit.verifying import Finding, Report
from gatepost.gate import Gatepost
from gatepost.server.commands.options import AppOption, columns
from gatepost.server.gates import opened
from gatepost.server.outcome import FAILED, NOT_UNDERSTOOD, CommandFailed, execute

commands = typer.Typer()
_DAY_MS = 86_400_000


class Form(StrEnum):
    """What an export looks like."""

    JSONL = "jsonl"
    CSV = "csv"


EventOption = Annotated[list[str] | None, typer.Option("--event", help="The name of an event; may be given often.")]
ActorOption = Annotated[str | None, typer.Option("--actor", help="The id of who did it.")]
SubjectOption = Annotated[str | None, typer.Option("--subject", help="The id of whom it happened to.")]
SessionOption = Annotated[str | None, typer.Option("--session", help="The id of a session.")]
IpOption = Annotated[str | None, typer.Option("--ip", help="An address.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="From this moment on (ISO 8601, UTC if not said).")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Before this moment.")]


@commands.command("list")
def list_rows(  # noqa: PLR0913 - each is an option
    app: AppOption = None,
    *,
    event: EventOption = None,
    actor: ActorOption = None,
    subject: SubjectOption = None,
    session: SessionOption = None,
    ip: IpOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, newest first.")] = 50,
) -> None:
    """Show the newest events."""

    async def story() -> str:
        wanted = _filter(event, actor, subject, session, ip, since, until)
        async with opened(app) as gate:
            page = await gate.core.trail.reader.page(wanted, size=limit)
        heads = ("TIME", "EVENT", "ACTOR", "SUBJECT", "IP", "DETAIL")
        return columns([heads, *(_line(row) for row in page.rows)])

    typer.echo(execute(story))


@commands.command()
def export(  # noqa: PLR0913 - each is an option
    app: AppOption = None,
    *,
    form: Annotated[Form, typer.Option("--format", help="JSON Lines or CSV.")] = Form.JSONL,
    event: EventOption = None,
    actor: ActorOption = None,
    subject: SubjectOption = None,
    session: SessionOption = None,
    ip: IpOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Write the trail to standard output, oldest first; that it was exported stands in it."""

    async def story() -> None:
        wanted = _filter(event, actor, subject, session, ip, since, until)
        async with opened(app) as gate:
            await gate.core.database.hot.run(exported_step(gate.clock, wanted, actor_id=None))
            if form is Form.CSV:
                sys.stdout.write(csv_header())
            async for row in gate.core.trail.reader.stream(wanted):
                sys.stdout.write(csv_line(row) if form is Form.CSV else json_line(row))

    execute(story)


@commands.command()
def verify(
    app: AppOption = None,
    *,
    head: Annotated[
        str | None,
        typer.Option("--head", metavar="POSITION:MAC", help="A head that was kept elsewhere; the trail must hold it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Verify every row, every link and both ends; ends with 1 where anything is wrong."""

    async def story() -> Report:
        expected = _place(head) if head is not None else None
        async with opened(app) as gate:
            return await gate.core.trail.verify(expected=expected)

    report = execute(story)
    typer.echo(json.dumps(_members(report)) if as_json else "\n".join(_words(report)))
    if not report.is_clean:
        raise typer.Exit(FAILED)


@commands.command()
def head(app: AppOption = None) -> None:
    """Print the head of the chain; keep it where nobody who can write the database can write."""

    async def story() -> str:
        async with opened(app) as gate:
            return str(await _head(gate))

    typer.echo(execute(story))


@commands.command()
def prune(
    app: AppOption = None,
    *,
    older_than: Annotated[
        int | None,
        typer.Option("--older-than", min=1, metavar="DAYS", help="Instead of GATEPOST_AUDIT_RETENTION."),
    ] = None,
) -> None:
    """Delete what is older than the retention now, instead of bit by bit; a signed mark stays in its place."""

    async def story() -> int:
        async with opened(app) as gate:
            trail = gate.core.trail
            age_ms = older_than * _DAY_MS if older_than is not None else trail.policy.retention_ms
            if age_ms is None:
                raise CommandFailed("GATEPOST_AUDIT_RETENTION keeps everything: say --older-than DAYS")
            return await trail.prune_older(age_ms)

    typer.echo(f"{execute(story)} rows deleted")


async def _head(gate: Gatepost[Any]) -> Place:
    found = await gate.core.trail.head()
    if found is None:
        raise CommandFailed("nothing is sealed yet: a process that serves does it")
    return found


def _filter(
    event: list[str] | None,
    actor: str | None,
    subject: str | None,
    session: str | None,
    ip: str | None,
    since: str | None,
    until: str | None,
) -> AuditFilter:
    return AuditFilter(
        events=tuple(event or ()),
        actor_id=_id("--actor", actor),
        subject_id=_id("--subject", subject),
        session_id=_id("--session", session),
        ip=ip,
        since=_moment("--since", since),
        until=_moment("--until", until),
    )


def _id(option: str, text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text is not None else None
    except ValueError:
        raise CommandFailed(f"{option}: this is no id", NOT_UNDERSTOOD) from None


def _moment(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed(f"{option}: write a date, for example 2026-11-26T12:00", NOT_UNDERSTOOD) from None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _place(text: str) -> Place:
    try:
        return Place.read(text)
    except ValueError as error:
        raise CommandFailed(f"--head: {error}", NOT_UNDERSTOOD) from None


def _line(row: AuditRow) -> tuple[str, ...]:
    found = as_members(row)
    cells = (found["at"], row.event, found["actor_id"], found["subject_id"], row.ip)
    detail = json.dumps(found["detail"]) if found["detail"] else ""  # JSON is escaped already
    return (*(json.dumps(str(cell))[1:-1] if cell is not None else "-" for cell in cells), detail)


def _words(report: Report) -> list[str]:
    lines = [_found(one) for one in report.findings]
    lines += [f"note: {_found(one)}" for one in report.notices]
    lines.append(f"{report.verified} rows verified, from position {report.begins.position + 1} to {report.head}")
    if report.unsealed:
        since = written(report.unsealed_since or 0)
        lines.append(f"{report.unsealed} rows are not sealed yet, the oldest of {since}")
    lines.append("nothing is wrong" if report.is_clean else f"{len(report.findings)} findings")
    return lines


def _found(one: Finding) -> str:
    place = f"position {one.position}: " if one.position is not None else ""
    row = f" (row {json.dumps(one.audit_id)[1:-1]})" if one.audit_id is not None else ""
    return f"{place}{one.words}{row}"


def _members(report: Report) -> dict[str, Any]:
    return {
        "clean": report.is_clean,
        "verified": report.verified,
        "begins": str(report.begins),
        "head": str(report.head),
        "unsealed": report.unsealed,
        "unsealed_since": written(report.unsealed_since) if report.unsealed_since is not None else None,
        "findings": [asdict(one) for one in report.findings],
        "notices": [asdict(one) for one in report.notices],
    }
