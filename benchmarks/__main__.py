"""`python -m benchmarks`: run the topics one after another and write RESULTS.md.

A run of some topics only, or a quick one, is printed and not written: RESULTS.md is always one whole run.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from benchmarks.harness import machine
from benchmarks.harness.report import Section, document, say
from benchmarks.harness.run import Run
from benchmarks.harness.servers import open_place
from benchmarks.harness.worker import Worker
from benchmarks.topics import (
    elsewhere,
    first_sight,
    flood,
    footprint,
    in_process,
    password_check,
    refreshes,
    resource_server,
    revocation,
    routes,
    sign_ins,
)

TOPICS: dict[str, Callable[[Run], Section]] = {
    "routes": routes.measure,
    "in-process": in_process.measure,
    "first-sight": first_sight.measure,
    "resource-server": resource_server.measure,
    "sign-ins": sign_ins.measure,
    "flood": flood.measure,
    "refreshes": refreshes.measure,
    "revocation": revocation.measure,
    "elsewhere": elsewhere.measure,
    "footprint": footprint.measure,
    "password-check": password_check.measure,
}
RESULTS = Path(__file__).with_name("RESULTS.md")
ROUNDS, QUICK_ROUNDS, QUICK_SCALE = 7, 2, 0.25
ABSENT = ("sign-in with 10 million users against 10 thousand (database part, at most 1.2 times)",)


def main() -> int:
    """Measure what was asked for; 1 where a topic could not be measured."""
    options = parse()
    names = [name for name in TOPICS if name in options.only]
    sections: list[Section] = []
    broken: list[str] = []
    begin = perf_counter()
    with ExitStack() as stack:
        place = open_place(stack, options.data)
        described = machine.describe(place.data)
        load = stack.enter_context(Worker("benchmarks.harness.load", cpu=place.client_cpu))
        run = Run(place, load, options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS), options.scale)
        for name in names:
            say(f"{name} ... ({perf_counter() - begin:.0f} s)")
            try:
                sections.append(TOPICS[name](run))
            except (RuntimeError, OSError, ValueError) as error:
                say(f"  {name} could not be measured: {error}")
                broken.append(f"{name}: could not be measured in this run")
    page = document(described, sections, [*broken, *ABSENT])
    print(page)
    if options.quick or names != list(TOPICS):
        say(f"{RESULTS.name} is left as it is: this was not a whole run")
    else:
        RESULTS.write_text(page, encoding="utf-8")
        say(f"written to {RESULTS.name} after {perf_counter() - begin:.0f} s")
    return 1 if broken else 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=sys.modules[__name__].__doc__)
    parser.add_argument("--rounds", type=int, help=f"interleaved rounds of each topic ({ROUNDS})")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TOPICS), help=", ".join(TOPICS))
    parser.add_argument("--quick", action="store_true", help="few and short rounds: does it run?")
    parser.add_argument("--data", help="the folder to put databases under (the system's for temporary files)")
    options = parser.parse_args()
    if unknown := set(options.only) - set(TOPICS):
        parser.error(f"no such topic: {', '.join(sorted(unknown))}")
    options.scale = QUICK_SCALE if options.quick else 1.0
    return options


if __name__ == "__main__":
    sys.exit(main())
