"""The ways of protecting a route; each app answers `GET /item` with the same tiny JSON."""

from benchmarks.harness.servers import App

PLAIN, GATE = "benchmarks.apps.plain:app", "benchmarks.apps.gate:app"

BARE = App("bare", "bare route", PLAIN)
NOOP = App("noop", "no-op dependency", PLAIN, env={"BENCH_WAY": "noop"})
INCLUDED = App("included", "bare route on an included router", PLAIN, env={"BENCH_WAY": "included"})
PRINCIPAL = App("principal", "Gatepost, `CurrentPrincipal`", GATE, "gatepost", "bearer", {"BENCH_WAY": "principal"})
COOKIE = App("cookie", "Gatepost, `CurrentPrincipal`, cookie session", GATE, "gatepost", "cookie", PRINCIPAL.env)
KEY = App("key", "Gatepost, `CurrentPrincipal`, API key", GATE, "gatepost", "key", PRINCIPAL.env)
USER = App("user", "Gatepost, `CurrentUser`", GATE, "gatepost", "bearer", {"BENCH_WAY": "user"})
GUARDED = App("guarded", "Gatepost, `GuardedRoute` on the router", GATE, "gatepost", "bearer", {"BENCH_WAY": "guarded"})
FASTAPI_USERS = App(
    "fastapi-users",
    "fastapi-users, JWT strategy",
    "benchmarks.peers.fastapi_users_app:app",
    "fastapi_users",
    "bearer",
    is_peer=True,
)
TUTORIAL = App(
    "tutorial",
    "the tutorials: python-jose, passlib, sync SQLAlchemy",
    "benchmarks.peers.tutorial_app:app",
    "tutorial",
    "bearer",
    is_peer=True,
)

OURS = (PRINCIPAL, COOKIE, KEY, USER, GUARDED)
PEERS = (FASTAPI_USERS, TUTORIAL)
EVERY = (BARE, NOOP, INCLUDED, *OURS, *PEERS)
