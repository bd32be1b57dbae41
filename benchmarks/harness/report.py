"""From measurements to Markdown; a goal that is missed says so."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, isnan


@dataclass(frozen=True)
class Goal:
    """One line of the design's table: what, the bound, what was measured and whether that keeps it."""

    what: str
    bound: str
    measured: str
    kept: bool

    def row(self) -> tuple[str, str, str, str]:
        """Return its cells."""
        return self.what, self.bound, self.measured, "kept" if self.kept else "**missed**"


@dataclass
class Section:
    """One topic: how it was measured, a table, the goals."""

    title: str
    method: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def at_least(what: str, bound: float, measured: float, unit: str = "") -> Goal:
    """State a goal that is kept by a number of this size or more."""
    return Goal(what, f"at least {number(bound)}{unit}", quantity(measured, unit), kept=measured >= bound)


def at_most(what: str, bound: float, measured: float, unit: str = "") -> Goal:
    """State a goal that is kept by a number of this size or less."""
    return Goal(what, f"at most {number(bound)}{unit}", quantity(measured, unit), kept=measured <= bound)


def number(value: float) -> str:
    """Write a number with about three significant digits."""
    if isnan(value):
        return "n/a"
    if value == inf:
        return "no answer"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def quantity(value: float, unit: str) -> str:
    """Write a number with its unit, where it is one."""
    return number(value) + (unit if isfinite(value) else "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def render(section: Section) -> str:
    """Return one section as Markdown."""
    parts = [f"## {section.title}", section.method, table(section.head, section.rows)]
    if section.goals:
        parts.append(table(("goal", "bound", "measured", ""), [goal.row() for goal in section.goals]))
    parts += [f"- {note}" for note in section.notes]
    return "\n\n".join(parts)


def document(machine: str, sections: Sequence[Section], absent: Sequence[str]) -> str:
    """Return the whole page."""
    goals = [goal for section in sections for goal in section.goals]
    kept = sum(goal.kept for goal in goals)
    opening = (
        "# Measured\n\nWritten by `make bench`: everything side by side in one run, medians over interleaved rounds. "
        "Ratios are taken round by round, then their median.\n\n"
        f"{machine}\n\nGoals kept: {kept} of {len(goals)}."
    )
    parts = [opening, *(render(section) for section in sections)]
    if absent:
        parts.append("## Not measured here\n\n" + "\n".join(f"- {each}" for each in absent))
    return "\n\n".join(parts) + "\n"


def say(text: str) -> None:
    """Tell the terminal how far the run is."""
    print(text, file=sys.stderr, flush=True)
