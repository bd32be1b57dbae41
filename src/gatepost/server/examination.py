"""The story of `gatepost doctor`: diagnose, report, and end with a code that a build understands."""

from collections.abc import Sequence

import typer

from gatepost.server.doctor import RULES, Level, diagnose
from gatepost.server.doctor.report import Format, report
from gatepost.server.outcome import FAILED, NOT_UNDERSTOOD, execute, fail


def examine(*, app: str | None, is_strict: bool, form: str, ignored: Sequence[str], asks_providers: bool) -> None:
    """Print a report; the command ends with 1 where an error is found, or a warning where that counts too.

    Args:
        app: `module:attribute` of the Gatepost.
        is_strict: warnings count.
        form: of the report.
        ignored: ids of rules that are left out.
        asks_providers: providers of sign-in are asked for their discovery.
    """
    if unknown := sorted(set(ignored) - {rule.id for rule in RULES}):
        fail(f"there is no rule {', '.join(unknown)}", NOT_UNDERSTOOD)
    findings = [
        finding
        for finding in execute(lambda: diagnose(app, asks_providers=asks_providers))
        if finding.rule.id not in ignored
    ]
    typer.echo(report(findings, Format(form)))
    failing = {Level.ERROR, Level.WARNING} if is_strict else {Level.ERROR}
    if any(finding.rule.level in failing for finding in findings):
        raise typer.Exit(FAILED)
