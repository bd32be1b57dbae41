"""How long other users wait while many sign in."""

import math
from contextlib import ExitStack
from typing import Any

from benchmarks.harness.figures import percentile
from benchmarks.harness.report import Section, at_most, number
from benchmarks.harness.run import Run
from benchmarks.harness.servers import Server
from benchmarks.topics.ways import PEERS, PRINCIPAL

METHOD = (
    "A protected route is probed every 20 ms, whether or not the earlier probes were answered, at a quiet worker and "
    "while 16 clients sign in at it without pause; latency in ms from when the probe was due. A probe that is not "
    "answered within the length of a slice after the last one counts as no answer."
)
CLIENTS, INTERVAL, SLICE = 16, 0.02, 5.0
ROUNDS = 3


def measure(run: Run) -> Section:
    """Alternate quiet and flooded slices for each product."""
    section = Section(
        "A protected route while sign-ins flood",
        METHOD,
        ("", "p50 quiet", "p99 quiet", "p50 flooded", "p99 flooded", "times (p99)", "unanswered", "sign-ins/s"),
    )
    folder = run.place.data / "flood"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        for app in (PRINCIPAL, *PEERS):
            server = stack.enter_context(Server(app, folder, run.place.server_cpu))
            run.sign_up(server, CLIENTS)
            proof = run.proof(server)
            quiet: list[float] = []
            flooded: list[float] = []
            rates: list[float] = []
            # A peer's flood takes its queue's length to drain: one round shows what there is to see.
            for _ in range(1 if app.is_peer else min(ROUNDS, run.rounds)):
                quiet += probe(run, server, proof, None)["ms"]
                found = probe(run, server, proof, (app.dialect or "", CLIENTS))
                flooded += found["ms"]
                rates.append(found["sign_ins"])
            ratio = percentile(flooded, 0.99) / percentile(quiet, 0.99)
            section.rows.append(
                (
                    app.label,
                    *(number(percentile(values, share)) for values in (quiet, flooded) for share in (0.5, 0.99)),
                    number(ratio),
                    f"{sum(map(math.isinf, flooded))} of {len(flooded)}",
                    number(sum(rates) / len(rates)),
                )
            )
            if app is PRINCIPAL:
                section.goals.append(at_most("p99 while sign-ins flood, against a quiet worker", 2, ratio, " times"))
    return section


def probe(run: Run, server: Server, proof: dict[str, str], flood: tuple[str, int] | None) -> dict[str, Any]:
    """Measure one slice; what was not answered is infinite."""
    found: dict[str, Any] = run.load.call(
        "latencies",
        limit=180,
        port=server.port,
        headers=proof,
        seconds=run.seconds(SLICE),
        interval=INTERVAL,
        flood=flood,
    )
    found["ms"] = [math.inf if each is None else each for each in found["ms"]]
    return found
