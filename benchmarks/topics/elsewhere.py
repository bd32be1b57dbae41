"""How soon a session that ended at a Gatepost server is refused by another service, which follows its revocations."""

import json
import socket
from contextlib import ExitStack

from benchmarks.harness.databases import database_urls
from benchmarks.harness.figures import percentile
from benchmarks.harness.report import Section, at_most, number
from benchmarks.harness.run import Run
from benchmarks.harness.servers import SECRET, App, Server
from benchmarks.topics.ways import PRINCIPAL

METHOD = (
    "A Gatepost server, and a service with `ResourceServer` in a process of its own that follows it over loopback. A "
    "user signs in at the server and is known to the service; a sign-out at the server, then the service is asked "
    "again and again until it answers 401. ms from the sign-out's answer to that 401. The bound that is promised (5 s) "
    "is for a network and a server that fail; this is what it takes where nothing does."
)
SERVICE = App("service", "`ResourceServer`", "benchmarks.apps.service:app")
TRIALS, LIMIT = 300, 5.0


def measure(run: Run) -> Section:
    """Measure on each database of the server."""
    section = Section(
        "Revoked at the server, refused at another service", METHOD, ("database", "p50", "p99", "max", "trials")
    )
    with ExitStack() as stack:
        folder = run.place.data / "elsewhere"
        for name, url in database_urls(stack, folder).items():
            port = free_port()
            issuer = f"http://127.0.0.1:{port}"
            place = {
                "BENCH_PORT": str(port),
                "GATEPOST_PUBLIC_URL": issuer,
                "GATEPOST_DATABASE_URL": url,
                "GATEPOST_INTROSPECTION_CLIENTS": json.dumps({"service": SECRET}),
            }
            server = stack.enter_context(Server(PRINCIPAL, folder, run.place.server_cpu, place))
            run.sign_up(server, 1)
            follows = {"BENCH_ISSUER": issuer, "BENCH_CLIENT_SECRET": SECRET}
            service = stack.enter_context(Server(SERVICE, folder, run.place.server_cpu, follows))
            trials = run.trials(TRIALS)
            ask = {"port": server.port, "other": service.port, "trials": trials}
            found = run.load.call("revoke", limit=120, bound=LIMIT, **ask)
            row = [number(each) for each in (percentile(found, 0.5), percentile(found, 0.99), max(found))]
            section.rows.append((name, *row, str(trials)))
            goal = f"revoked → refused at another service, the server on {name}, the slowest trial"
            section.goals.append(at_most(goal, LIMIT * 1000, max(found), " ms"))
    return section


def free_port() -> int:
    """Return a port that is free now: the server's settings hold its address, so that it is known before it starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
