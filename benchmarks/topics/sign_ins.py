"""Sign-ins per second against what the cores can hash at best."""

from contextlib import ExitStack
from statistics import median

from benchmarks.harness.figures import median_ratio
from benchmarks.harness.report import Section, at_least, number
from benchmarks.harness.run import Run, failures, note_failures
from benchmarks.harness.servers import Server
from benchmarks.harness.worker import Worker
from benchmarks.topics.ways import PEERS, PRINCIPAL

METHOD = (
    "Password grants by 16 clients, each of its own user, at one worker pinned to one CPU; the ceiling is argon2-cffi"
    " alone with the same parameters (19 MiB, t=2, p=1) in as many threads as Gatepost's pool has there, on the same "
    "CPU. The peers hash with the parameters of their documentation."
)
CLIENTS = 16
SLICE = 3.0


def measure(run: Run) -> Section:
    """Interleave the ceiling, Gatepost and the peers."""
    apps = (PRINCIPAL, *PEERS)
    rates: dict[str, list[float]] = {name: [] for name in ("ceiling", *(app.name for app in apps))}
    failed = dict.fromkeys(rates, 0)
    rounds = max(3, run.rounds // 2) if run.rounds > 2 else run.rounds
    folder = run.place.data / "sign-ins"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        servers = {app.name: stack.enter_context(Server(app, folder, run.place.server_cpu)) for app in apps}
        ceiling = stack.enter_context(Worker("benchmarks.harness.ceiling", cpu=run.place.server_cpu))
        for server in servers.values():
            run.sign_up(server, CLIENTS)
        threads = ceiling.call("threads")
        for order in run.cycle(list(rates))[:rounds]:
            for name in order:
                if name == "ceiling":
                    rates[name].append(ceiling.call("slice", threads=threads, seconds=run.seconds(SLICE)))
                    continue
                server = servers[name]
                found = run.load.call(
                    "sign_ins",
                    limit=180,
                    port=server.port,
                    dialect=server.app.dialect,
                    clients=CLIENTS,
                    seconds=run.seconds(SLICE),
                )
                rates[name].append(found["rate"])
                failed[name] += failures(found["statuses"])
    section = Section("Sign-ins", METHOD, ("", "sign-ins/s", "of the ceiling"))
    labels = {"ceiling": f"Argon2id alone, threads: {threads}", **{app.name: app.label for app in apps}}
    for name, label in labels.items():
        ratio = median_ratio(rates[name], rates["ceiling"])
        section.rows.append((label, number(median(rates[name])), f"{ratio:.2f}"))
        section.notes += note_failures(label, failed[name])
    against = median_ratio(rates[PRINCIPAL.name], rates["ceiling"])
    section.goals.append(at_least("sign-ins/s against the bare Argon2id ceiling", 0.9, against))
    return section
