"""What a topic gets: how long to measure, where, and the load generator."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from statistics import median
from typing import Any

from benchmarks.harness.report import say
from benchmarks.harness.servers import Place, Server
from benchmarks.harness.worker import Worker

UNDISTURBED = 0.93


@dataclass(frozen=True)
class Run:
    """One run of the benchmarks; `scale` shortens the slices."""

    place: Place
    load: Worker
    rounds: int
    scale: float

    def seconds(self, full: float) -> float:
        """Return the length of a slice that takes so many seconds in a full run."""
        return full * self.scale

    def trials(self, full: int) -> int:
        """Return how many trials to make where a full run makes so many."""
        return max(10, round(full * self.scale))

    def cycle(self, names: Sequence[str]) -> list[Sequence[str]]:
        """Return the order of each round: every one begins with another, so that none is always measured first."""
        return [[*names[turn % len(names) :], *names[: turn % len(names)]] for turn in range(self.rounds)]

    def sign_up(self, server: Server, users: int) -> None:
        """Register users where the app has any."""
        if server.app.dialect is not None:
            self.load.call("prepare", limit=120, port=server.port, dialect=server.app.dialect, users=users)

    def proof(self, server: Server) -> dict[str, str]:
        """Return the headers by which user 0 is known to the app, after a request with them succeeded."""
        app = server.app
        arguments: dict[str, Any] = {"port": server.port, "dialect": app.dialect or "", "kind": app.credential}
        headers: dict[str, str] = self.load.call("credentials", **arguments)
        return headers


def failures(statuses: dict[str, int]) -> int:
    """Return how many answers were not 200; the statuses come from JSON, so their keys are text."""
    return sum(count for status, count in statuses.items() if status != "200")


def note_disturbance(shares: list[float]) -> list[str]:
    """Say so where workers that were never out of work did not get their CPU: other programs ran."""
    got = median(shares)
    if isnan(got) or got >= UNDISTURBED:
        return []
    say(f"  the machine is busy with other work: the servers got {got:.0%} of their CPU")
    return [
        f"**Disturbed**: the servers got {got:.0%} of their CPU, other programs had the rest. Read the CPU columns."
    ]


def note_failures(label: str, found: int) -> list[str]:
    """Say on the terminal and in the report that some answers failed."""
    if not found:
        return []
    say(f"  {label}: {found} answers were not 200")
    return [f"{label}: {found} answers were not 200 and are not counted."]
