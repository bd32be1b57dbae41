"""A month of traffic, after which every table is as large as those who live and what is kept for a while make it.

Each table has its bound here, in rows that the database counts itself; a table without one fails. None of them knows
how much traffic there was.
"""

import base64
from typing import Any

import pytest

from gatepost.core import known
from gatepost.core.audit import noted
from gatepost.core.devices.domain import MAX_DEVICES
from gatepost.core.outbox.senders import KEPT
from gatepost.core.throttle.actions import DEFAULTS
from gatepost.core.throttle.memory import MemoryStore
from gatepost.kernel import changes
from gatepost.storage.schema import metadata
from tests.backends import free_port
from tests.growth.town import PERIOD, RESIDENTS, SHIFTS_A_DAY, Town, founded
from tests.harness import Running, running
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio
DAY = 86_400_000
RETENTION = 3 * DAY
LIVING_SESSION = "revoked_at IS NULL AND idle_expires_at > {now}"
LIVING_KEY = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {now})"


def living(most: int = 1) -> str:
    """Rows of users go with them; each has at most so many."""
    return f"SELECT {most} * count(*) FROM gatepost_user"


def fixed(most: int) -> str:
    return f"SELECT {most}"


def for_a_while(table: str, since: str, kept: int, alive: str = "1 = 0") -> str:
    """What lives, and what has been dead for less than it is kept."""
    return f"SELECT count(*) FROM gatepost_{table} WHERE ({alive}) OR {since} > {{now}} - {kept}"


# Three come in each shift, and stay for a period; one administers.
PEOPLE = RESIDENTS + 3 * PERIOD + 1
SEALED = for_a_while("audit_link", "sealed_at", RETENTION + RETENTION // 10)
BOUNDS = {
    "gatepost_user": fixed(PEOPLE),
    "gatepost_password": living(),
    "gatepost_user_role": living(2),
    "gatepost_imported": living(),
    "gatepost_identity": living(),
    "gatepost_federation": for_a_while("federation", "expires_at", DAY),
    "gatepost_identity_session": fixed(0),
    "gatepost_provider_token": fixed(0),
    "gatepost_upstream_logout": for_a_while("upstream_logout", "expires_at", 0),
    "gatepost_device": living(MAX_DEVICES),
    "gatepost_role": fixed(1),
    "gatepost_proof": for_a_while("proof", "expires_at", DAY),
    "gatepost_api_key": for_a_while("api_key", "coalesce(revoked_at, expires_at)", 7 * DAY, LIVING_KEY),
    "gatepost_session": for_a_while(
        "session", "coalesce(revoked_at, idle_expires_at)", 7 * DAY + 360_000, LIVING_SESSION
    ),
    "gatepost_change": for_a_while("change", "keep_until", 0),
    "gatepost_key": "SELECT 1 + count(*) FROM gatepost_key WHERE active_from > {now} - " + str(8 * DAY),
    "gatepost_meta": fixed(3),
    "gatepost_throttle": for_a_while("throttle", "expires_at", 0),
    "gatepost_outbox": for_a_while("outbox", "created_at", 2 * DAY),
    "gatepost_dev_mail": fixed(KEPT),
    "gatepost_audit": SEALED,
    "gatepost_audit_link": SEALED,
    "gatepost_audit_queue": fixed(0),
    "gatepost_audit_mark": fixed(2),
    "gatepost_audit_key": fixed(0),
}
CACHED = 30
LIVES: dict[str, Any] = {
    "email_sign_in": True,
    "trusted_proxies": 1,
    "audit_retention": RETENTION // 1000,
    "session_idle": 2 * 86_400,
    "session_lifetime": 4 * 86_400,
    "invitation_lifetime": 86_400,
    "budgets": dict.fromkeys(DEFAULTS, "100000/3600"),
    "login_budget_address": "100000/3600",
    "login_budget_pair": "8/172800",
    "login_budget_account": "100000/3600",
    "webhooks_reach_private_networks": True,
}


def told(receiver: Receiver) -> list[dict[str, Any]]:
    """Return an endpoint that takes what it is told, and one where nobody listens."""
    secret = "whsec_" + base64.b64encode(b"a secret of webhooks, 0123456789").decode()
    events = ("user.registered", "user.deleted", "session.reused", "role.granted")
    ports = (receiver.port, free_port())
    return [{"url": f"http://localhost:{port}/hook", "secret": secret, "events": events} for port in ports]


def counted(it: Running) -> dict[str, int]:
    return {table: int(it.value(f"SELECT count(*) FROM {table}")) for table in metadata.tables}


def over(it: Running) -> dict[str, tuple[int, int]]:
    """Return the tables that are larger than they may be: rows, and how many there may be."""
    found = {}
    for table, rows in counted(it).items():
        most = int(it.value(BOUNDS[table].format(now=it.clock.now_ms())))
        if rows > most:
            found[table] = (rows, most)
    return found


def remembered(it: Running) -> dict[str, int]:
    """Return how much this process remembers, by what it is."""
    core: Any = it.core
    core.feed.index.prune(it.clock.now_ms())
    authenticator, index, own = core.authenticator, core.feed.index, core.attempts._own.account
    assert isinstance(own, MemoryStore)
    trails = [core.denials._noted, core.attempts._trail._noted, core.login.guesses._trail._noted]
    return {
        "tokens": len(authenticator._tokens),
        "cookies": len(authenticator._cookies.known),
        "keys": len(authenticator._keys.known),
        "people": len(authenticator._people),
        "noted": max(len(one._until) for one in trails),
        "changed": len(index._changed),
        "ended": len(index.ended) + len(index.epochs) + len(index._waiting),
        "budgets": len(own._tats) + len(own._locks),
        "paused": len(core.webhooks._paused),
        "signing": len(core.keyring._loaded) - int(it.value("SELECT count(*) FROM gatepost_key")),
    }


def test_every_table_has_a_bound() -> None:
    assert BOUNDS.keys() == metadata.tables.keys()


@pytest.mark.timeout(600)
async def test_after_a_month_of_traffic_tables_and_memory_are_as_they_were_in_its_middle(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MAX_CACHED", CACHED)
    monkeypatch.setattr(noted, "_MAX_NOTED", CACHED)
    monkeypatch.setattr(changes, "_MAX_CHANGED", CACHED)
    async with receiving() as receiver, running(database_url, **LIVES, webhooks=told(receiver)) as it:
        async with founded(it) as town:
            await town.live(15 * SHIFTS_A_DAY)
            middle = counted(it)
            assert over(it) == {}
            await town.live(15 * SHIFTS_A_DAY)
            end = counted(it)
            assert over(it) == {}
        grown = {table: (middle[table], rows) for table, rows in end.items() if rows > middle[table] * 1.1 + 3}
        assert grown == {}
        assert {name: size for name, size in remembered(it).items() if size > CACHED} == {}
        await verified(it, town)


async def verified(it: Running, town: Town) -> None:
    """The trail was pruned again and again, and what is left of it is whole."""
    report = await it.core.trail.verify()
    assert report.is_clean, report.findings
    assert not report.notices
    assert report.begins.position > report.verified * 5 > 0
    assert town.shift == 30 * SHIFTS_A_DAY
