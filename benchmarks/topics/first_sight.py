"""What a token costs that was never seen before, against its signature check alone."""

from contextlib import ExitStack
from statistics import median

from benchmarks.harness.report import Section, at_most, number
from benchmarks.harness.run import Run
from benchmarks.harness.worker import Worker
from benchmarks.topics.ways import PRINCIPAL

METHOD = (
    "Access tokens of one session, each new by a refresh, sent twice to a route with `CurrentPrincipal` in process: "
    "the first time checks the token, the second finds it in the cache; the check is the difference. Against "
    "joserfc's bare signature check of tokens of the same header, claims and algorithm. Medians in µs, interleaved "
    "batches."
)
ALGORITHMS = ("HS256", "ES256", "EdDSA")
TOKENS = 60


def measure(run: Run) -> Section:
    """Measure each algorithm in a process of its own, batches interleaved."""
    head = ("algorithm", "first seen", "cached", "the check", "bare signature", "above it")
    section = Section("A token seen for the first time", METHOD, head)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ALGORITHMS}
    with ExitStack() as stack:
        workers = {}
        for name in ALGORITHMS:
            folder = run.place.data / f"first-sight-{name}"
            folder.mkdir(exist_ok=True)
            env = {**PRINCIPAL.environment(folder), "GATEPOST_SIGNING_ALGORITHM": name}
            module = "benchmarks.harness.sight"
            workers[name] = stack.enter_context(Worker(module, PRINCIPAL.target, cpu=run.place.server_cpu, env=env))
            workers[name].call("prepare")
        for order in run.cycle(ALGORITHMS):
            for name in order:
                found[name].append(workers[name].call("batch", tokens=run.trials(TOKENS), algorithm=name))
    for name, batches in found.items():
        first, cached, bare = (median([batch[key] for batch in batches]) for key in ("first", "cached", "bare"))
        check = median([batch["first"] - batch["cached"] for batch in batches])
        above = median([batch["first"] - batch["cached"] - batch["bare"] for batch in batches])
        section.rows.append((name, *(number(each) for each in (first, cached, check, bare)), f"{above:+.1f}"))
        section.goals.append(at_most(f"{name}: above the bare signature check", 25, above, " µs"))
    return section
