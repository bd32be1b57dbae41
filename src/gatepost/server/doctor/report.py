"""Findings as text for people, as JSON for programs, and as SARIF 2.1.0 for what collects results of checks."""

import json
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from gatepost.server.doctor.rules import RULES, Finding, Level

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class Format(StrEnum):
    """What a report looks like."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def report(findings: Sequence[Finding], form: Format) -> str:
    """Return the report."""
    match form:
        case Format.JSON:
            return json.dumps({"findings": [_as_members(finding) for finding in findings]}, indent=2)
        case Format.SARIF:
            return json.dumps(_sarif(findings), indent=2)
        case Format.TEXT:
            return _text(findings)


def _text(findings: Sequence[Finding]) -> str:
    lines: list[str] = []
    for finding in findings:
        rule = finding.rule
        lines += [f"{rule.level.upper():8} {rule.id}: {finding.found}", f"         cure: {finding.cure}"]
        lines.append(f"         rule: {rule.title} ({rule.standard})")
    counts = ", ".join(f"{sum(f.rule.level is level for f in findings)} {level}s" for level in Level)
    return "\n".join([*lines, f"{len(RULES)} rules: {counts}"])


def _as_members(finding: Finding) -> dict[str, str]:
    rule = finding.rule
    return {
        "rule": rule.id,
        "level": rule.level.value,
        "standard": rule.standard,
        "title": rule.title,
        "found": finding.found,
        "cure": finding.cure,
    }


def _sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a log of one run (SARIF 2.1.0, sections 3.13, 3.14); a deployment has no file and no line."""
    driver = {
        "name": "gatepost doctor",
        "version": version("gatepost"),
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "defaultConfiguration": {"level": rule.level.value},
                "properties": {"standard": rule.standard},
            }
            for rule in RULES
        ],
    }
    numbers = {rule.id: number for number, rule in enumerate(RULES)}
    results = [
        {
            "ruleId": finding.rule.id,
            "ruleIndex": numbers[finding.rule.id],
            "level": finding.rule.level.value,
            "message": {"text": f"{finding.found}. Cure: {finding.cure}"},
        }
        for finding in findings
    ]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
