"""How soon a session that ended in one process is refused in another."""

from contextlib import ExitStack

from benchmarks.harness.databases import database_urls
from benchmarks.harness.figures import percentile
from benchmarks.harness.report import Section, at_most, number
from benchmarks.harness.run import Run
from benchmarks.harness.servers import Server
from benchmarks.topics.ways import PRINCIPAL

METHOD = (
    "Two workers on one database. A user signs in at the first and is known to the second; a sign-out at the first, "
    "then the second is asked again and again until it answers 401. ms from the sign-out's answer to that 401; one "
    "request takes a good part of a ms itself, which is the floor."
)
TRIALS, LIMIT = 200, 5.0


def measure(run: Run) -> Section:
    """Measure on each database."""
    section = Section("Revoked in one process, refused in another", METHOD, ("database", "p50", "p99", "max", "trials"))
    with ExitStack() as stack:
        folder = run.place.data / "revocation"
        for name, url in database_urls(stack, folder).items():
            extra = {"GATEPOST_DATABASE_URL": url}
            one = stack.enter_context(Server(PRINCIPAL, folder, run.place.server_cpu, extra))
            run.sign_up(one, 1)
            two = stack.enter_context(Server(PRINCIPAL, folder, run.place.server_cpu, extra))
            trials = run.trials(TRIALS)
            ask = {"port": one.port, "other": two.port, "trials": trials}
            found = run.load.call("revoke", limit=120, bound=LIMIT, **ask)
            row = [number(each) for each in (percentile(found, 0.5), percentile(found, 0.99), max(found))]
            section.rows.append((name, *row, str(trials)))
            section.goals.append(at_most(f"revoked → refused on {name}, the slowest trial", 100, max(found), " ms"))
    return section
