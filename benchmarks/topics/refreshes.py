"""Refreshes per second, each client rotating a session of its own."""

from contextlib import ExitStack
from statistics import median

from benchmarks.harness.databases import database_urls
from benchmarks.harness.report import Section, at_least, number
from benchmarks.harness.run import Run, failures, note_failures
from benchmarks.harness.servers import Server
from benchmarks.topics.ways import PRINCIPAL

METHOD = (
    "32 clients present the newest refresh token of their session without pause (`grant_type=refresh_token`), one "
    "worker pinned to one CPU. Both databases durable (SQLite `synchronous=FULL`, PostgreSQL with fsync); PostgreSQL "
    "runs unpinned on the same machine, beside worker and clients."
)
CLIENTS, SLICE = 32, 2.0
BOUNDS = {"SQLite": 1000.0, "PostgreSQL": 500.0}


def measure(run: Run) -> Section:
    """Interleave the two databases."""
    section = Section("Refreshes", METHOD, ("database", "refreshes/s", "lowest round", "highest round", "CPU µs"))
    rates: dict[str, list[float]] = {name: [] for name in BOUNDS}
    costs: dict[str, list[float]] = {name: [] for name in BOUNDS}
    failed = dict.fromkeys(BOUNDS, 0)
    with ExitStack() as stack:
        servers = {}
        folder = run.place.data / "refreshes"
        for name, url in database_urls(stack, folder).items():
            extra = {"GATEPOST_DATABASE_URL": url}
            servers[name] = stack.enter_context(Server(PRINCIPAL, folder, run.place.server_cpu, extra))
            run.sign_up(servers[name], CLIENTS)
        for order in run.cycle(list(BOUNDS)):
            for name in order:
                server, seconds = servers[name], run.seconds(SLICE)
                found = run.load.call("rotate", port=server.port, pid=server.pid, clients=CLIENTS, seconds=seconds)
                rates[name].append(found["rate"])
                costs[name].append(found["cpu_us"])
                failed[name] += failures(found["statuses"])
    for name, bound in BOUNDS.items():
        mine = rates[name]
        row = [number(each) for each in (median(mine), min(mine), max(mine), median(costs[name]))]
        section.rows.append((name, *row))
        section.goals.append(at_least(f"refreshes/s of one core on {name}", bound, median(mine)))
        section.notes += note_failures(name, failed[name])
    return section
