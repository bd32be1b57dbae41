"""Requests per second of one route, protected in each way, over HTTP."""

from contextlib import ExitStack
from statistics import median

from benchmarks.harness.figures import median_ratio
from benchmarks.harness.report import Goal, Section, at_least, number
from benchmarks.harness.run import Run, failures, note_disturbance, note_failures
from benchmarks.harness.servers import Server
from benchmarks.topics.ways import EVERY

METHOD = (
    "One uvicorn worker (httptools, uvloop) for each way, pinned to one CPU, 32 keep-alive connections from a process"
    " on the other; bare and no-op are sent a bearer too, so that all parse as much. CPU is the "
    "server's own time per request."
)
CONNECTIONS = 32
SLICE = 0.8


def measure(run: Run) -> Section:
    """Measure all ways in interleaved slices."""
    rates: dict[str, list[float]] = {app.name: [] for app in EVERY}
    costs: dict[str, list[float]] = {app.name: [] for app in EVERY}
    failed = dict.fromkeys(rates, 0)
    shares: list[float] = []
    with ExitStack() as stack:
        servers = {app.name: stack.enter_context(Server(app, run.place.data, run.place.server_cpu)) for app in EVERY}
        proofs = {}
        for name, server in servers.items():
            run.sign_up(server, 1)
            proofs[name] = run.proof(server)
        proofs["bare"] = proofs["noop"] = proofs["included"] = proofs["principal"]
        for order in run.cycle(list(rates)):
            for name in order:
                found = run.load.call(
                    "throughput",
                    port=servers[name].port,
                    pid=servers[name].pid,
                    headers=proofs[name],
                    connections=CONNECTIONS,
                    seconds=run.seconds(SLICE),
                )
                rates[name].append(found["rate"])
                costs[name].append(found["cpu_us"])
                shares.append(found["cpu_share"])
                failed[name] += failures(found["statuses"])
    section = Section(
        "A protected route over HTTP",
        METHOD,
        ("way", "requests/s", "CPU µs", "of bare", "of no-op", "CPU of no-op's"),
        goals=goals(rates),
        notes=note_disturbance(shares),
    )
    for app in EVERY:
        mine = rates[app.name]
        section.rows.append(
            (
                app.label,
                number(median(mine)),
                number(median(costs[app.name])),
                f"{median_ratio(mine, rates['bare']):.3f}",
                f"{median_ratio(mine, rates['noop']):.3f}",
                f"{median_ratio(costs[app.name], costs['noop']):.3f}",
            )
        )
        section.notes += note_failures(app.label, failed[app.name])
    return section


def goals(rates: dict[str, list[float]]) -> list[Goal]:
    """State the design's goals for this table."""

    def ratio(name: str, reference: str) -> float:
        return median_ratio(rates[name], rates[reference])

    found = [
        at_least("`CurrentPrincipal` against a no-op dependency", 0.97, ratio("principal", "noop")),
        at_least("`CurrentUser` against the same", 0.93, ratio("user", "noop")),
        at_least("cookie session against the same", 0.93, ratio("cookie", "noop")),
        at_least("API key against the same", 0.93, ratio("key", "noop")),
        at_least("router under guard by route class, against the same router", 0.93, ratio("guarded", "included")),
        at_least("`CurrentPrincipal` against fastapi-users' JWT", 10, ratio("principal", "fastapi-users"), " times"),
        at_least("`CurrentPrincipal` against the tutorials", 10, ratio("principal", "tutorial"), " times"),
    ]
    user = median_ratio(rates["user"], rates["fastapi-users"])
    found.append(at_least("`CurrentUser` (the row, as theirs) against fastapi-users' JWT", 10, user, " times"))
    return found
