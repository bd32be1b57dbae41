"""µs per request of the same ways, calling the app without HTTP: settles what is noise above."""

from contextlib import ExitStack
from statistics import median

from benchmarks.harness.figures import median_ratio
from benchmarks.harness.report import Section, number
from benchmarks.harness.run import Run
from benchmarks.harness.worker import Worker
from benchmarks.topics.ways import EVERY

METHOD = (
    "The ASGI app called directly in a process of its own with a prepared scope, on uvloop; µs of CPU per request. The "
    "differences are taken round by round."
)
SLICE = 0.25


def measure(run: Run) -> Section:
    """Measure all ways in interleaved slices."""
    found: dict[str, list[float]] = {app.name: [] for app in EVERY}
    with ExitStack() as stack:
        workers = {}
        for app in EVERY:
            folder = run.place.data / "in-process"
            folder.mkdir(exist_ok=True)
            workers[app.name] = worker = stack.enter_context(
                Worker(
                    "benchmarks.harness.inprocess",
                    app.target,
                    cpu=run.place.server_cpu,
                    python=app.python,
                    env=app.environment(folder),
                )
            )
            worker.call("prepare", dialect=app.dialect, kind=app.credential)
            worker.call("slice", seconds=run.seconds(SLICE))
        for order in run.cycle(list(found)):
            for name in order:
                found[name].append(workers[name].call("slice", seconds=run.seconds(SLICE)))
    section = Section("The same without HTTP", METHOD, ("way", "µs", "above bare", "above no-op", "times no-op"))
    for app in EVERY:
        mine = found[app.name]
        above = [
            median([one - other for one, other in zip(mine, found[reference], strict=True)])
            for reference in ("bare", "noop")
        ]
        ratio = median_ratio(mine, found["noop"])
        section.rows.append((app.label, number(median(mine)), *(f"{each:+.1f}" for each in above), f"{ratio:.2f}"))
    return section
