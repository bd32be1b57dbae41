"""Requests per second of one route of a service without users, which checks the tokens of an issuer beside it."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median
from urllib.parse import quote
from urllib.request import ProxyHandler, build_opener

from benchmarks.harness.figures import median_ratio
from benchmarks.harness.report import Goal, Section, at_least, number
from benchmarks.harness.run import Run, failures, note_disturbance, note_failures
from benchmarks.harness.servers import App, Server
from benchmarks.topics.ways import BARE, NOOP

METHOD = (
    "One uvicorn worker (httptools, uvloop) for each way, pinned to one CPU, 32 keep-alive connections from a process "
    "on the other, one RS256 access token of an issuer on this machine, whose keys each way has read before; bare and "
    "no-op are sent the token too. CPU is the server's own time per request."
)
CONNECTIONS = 32
SLICE = 0.8
SERVICE = "benchmarks.apps.checker:app"
ISSUER = App("issuer", "the issuer", "benchmarks.apps.issuer:app")
PRINCIPAL = App("rs-principal", "`ResourceServer`, `CurrentPrincipal`", SERVICE, env={"BENCH_WAY": "principal"})
REQUIRE = App("rs-require", "the same with `require(role=…, scope=…)`", SERVICE, env={"BENCH_WAY": "require"})
GUARDED = App("rs-guarded", "the same with `GuardedRoute`", SERVICE, env={"BENCH_WAY": "guarded"})
PYJWT = App("pyjwt", "the tutorials: PyJWT with PyJWKClient", "benchmarks.peers.pyjwt_app:app", is_peer=True)
AUTH0 = App("auth0", "auth0-fastapi-api", "benchmarks.peers.auth0_app:app", is_peer=True)
AZURE = App("azure", "fastapi-azure-auth", "benchmarks.peers.azure_app:app", is_peer=True)
AXIOMS = App("axioms", "axioms-fastapi", "benchmarks.peers.axioms_app:app", is_peer=True)
PEERS = (PYJWT, AUTH0, AZURE, AXIOMS)
EVERY = (BARE, NOOP, PRINCIPAL, REQUIRE, GUARDED, *PEERS)


def measure(run: Run) -> Section:
    """Measure all ways in interleaved slices."""
    rates: dict[str, list[float]] = {app.name: [] for app in EVERY}
    costs: dict[str, list[float]] = {app.name: [] for app in EVERY}
    failed = dict.fromkeys(rates, 0)
    shares: list[float] = []
    with ExitStack() as stack:
        place = run.place
        issuer = f"http://127.0.0.1:{stack.enter_context(Server(ISSUER, place.data, place.client_cpu)).port}"
        told = {"BENCH_ISSUER": issuer}
        servers = {app.name: stack.enter_context(Server(app, place.data, place.server_cpu, told)) for app in EVERY}
        proofs = {app.name: proof(issuer, app, servers[app.name].port) for app in EVERY}
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
        "A service that checks the tokens of others",
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


def proof(issuer: str, app: App, port: int) -> dict[str, str]:
    """Return the header with a token that an app takes, after a request with it and one with a broken one."""
    said = "https://tenant.example.com/" if app is AUTH0 else issuer
    token = json.loads(ask(f"{issuer}/token?issuer={quote(said)}")[1])
    header = {"authorization": f"Bearer {token}"}
    url = f"http://127.0.0.1:{port}/item"
    if (status := ask(url, header)[0]) != 200:
        raise RuntimeError(f"{app.label} answers {status} to a good token")
    broken = {"authorization": f"Bearer {token[:-8]}AAAAAAAA"}
    if app.name not in {BARE.name, NOOP.name} and ask(url, broken)[0] not in {401, 403}:
        raise RuntimeError(f"{app.label} takes a token whose signature is wrong")
    return header


def ask(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Return status and body."""
    opener = build_opener(ProxyHandler({}))
    opener.addheaders = list((headers or {}).items())
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.status, answer.read()
    except OSError as error:
        return getattr(error, "code", 0), b""


def goals(rates: dict[str, list[float]]) -> list[Goal]:
    """State what is promised of this table."""
    ours = rates[PRINCIPAL.name]
    against = {app.name: median_ratio(ours, rates[app.name]) for app in (NOOP, *PEERS)}
    found = [at_least("`CurrentPrincipal` against a no-op dependency", 0.97, against[NOOP.name])]
    return found + [at_least(f"the same against {app.label}", 2.0, against[app.name], " times") for app in PEERS]
