"""Memory at rest and the time of a cold start, above what FastAPI and SQLAlchemy's async layer take anyway."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.harness.report import Goal, Section, at_most, number
from benchmarks.harness.run import Run
from benchmarks.harness.worker import ROOT, child_environment
from benchmarks.topics.ways import PRINCIPAL

METHOD = (
    "A new process for each number, pinned to one CPU, interleaved: the frameworks' imports, then Gatepost's, then an"
    " app that has finished its start on a database that is up to date. Seconds from the start of the process, files "
    "in the system's cache."
)
STAGES = {
    "baseline": "import FastAPI, SQLAlchemy async",
    "imported": "and Gatepost",
    "started": "and an app with it, started",
}
LIMIT = 60
ABSENT = "absent"


def measure(run: Run) -> Section:
    """Start processes in interleaved rounds."""
    folder = run.place.data / "footprint"
    folder.mkdir(exist_ok=True)
    env = child_environment(PRINCIPAL.environment(folder), run.place.server_cpu)
    first = start(env, "started", folder)[0]
    seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}
    memory: dict[str, list[float]] = {stage: [] for stage in STAGES}
    for order in run.cycle(list(STAGES)):
        for stage in order:
            took, resident = start(env, stage, folder)
            seconds[stage].append(took)
            memory[stage].append(resident)
    section = Section("Footprint", METHOD, ("process", "seconds", "above", "MB", "above"))
    for stage, label in STAGES.items():
        took, more = difference(seconds, stage)
        resident, grown = difference(memory, stage)
        section.rows.append((label, f"{took:.2f}", f"{more:+.2f}", f"{resident:.1f}", f"{grown:+.1f}"))
    section.goals = [
        at_most("idle memory above the baseline", 25, difference(memory, "started")[1], " MB"),
        at_most("cold start above the baseline", 0.5, difference(seconds, "started")[1], " s"),
    ]
    said = resource_server(env)
    if said == ABSENT:
        section.notes.append("`ResourceServer` is not in this version.")
    else:
        section.goals.append(
            Goal("`ResourceServer` imports no SQLAlchemy", "not loaded", said, kept=said == "not loaded")
        )
    section.notes.append(f"The very first start, which makes the tables and the signing key, took {number(first)} s.")
    return section


def start(env: dict[str, str], stage: str, folder: Path) -> tuple[float, float]:
    """Return seconds until the process was there, and its MB.

    Raises:
        RuntimeError: it did not come to that.
    """
    command = [sys.executable, "-m", "benchmarks.harness.footprint", stage]
    with (folder / "log").open("ab") as log:
        begin = perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            took = perf_counter() - begin
            process.wait(LIMIT)
        finally:
            process.kill()
            process.wait()
    if not line:
        raise RuntimeError(f"{stage}: {(folder / 'log').read_text(errors='replace')[-2000:]}")
    return took, float(line)


def difference(values: dict[str, list[float]], stage: str) -> tuple[float, float]:
    """Return the median at a stage and the median of its differences to the baseline, round by round."""
    above = [one - other for one, other in zip(values[stage], values["baseline"], strict=True)]
    return median(values[stage]), median(above)


def resource_server(env: dict[str, str]) -> str:
    """Tell whether the resource-server SDK loads SQLAlchemy."""
    command = [sys.executable, "-m", "benchmarks.harness.footprint", "resource-server"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=LIMIT, check=False)
    return ended.stderr.strip().rpartition("\n")[2] or "not loaded"
