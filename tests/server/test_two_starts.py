"""Several processes that start at once on an empty database: one migrates, one makes the first key, none fails."""

import pytest

from tests.harness import query
from tests.server.terminal import Terminal

PROCESSES = 4
# Each says that it is ready and starts when it is told to, so that imports do not spread the starts.
START = """
import asyncio, sys
from gatepost import Gatepost

async def start():
    gate = Gatepost()
    print("ready", flush=True)
    sys.stdin.readline()
    async with gate.lifespan():
        print(gate.core.keyring.signer().kid, flush=True)
        sys.stdin.readline()

asyncio.run(start())
"""


def test_one_of_them_migrates_and_makes_the_first_key(database_url: str) -> None:
    processes = [Terminal(database_url).python(START) for _ in range(PROCESSES)]
    kids = set()
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, error = process.communicate("\n", timeout=60)
        assert process.returncode == 0, error
        kids.add(out.strip())
    assert query(database_url, "SELECT sequence, kid FROM gatepost_key") == [(1, kids.pop())]
    assert kids == set()
    assert len(query(database_url, "SELECT version_num FROM gatepost_alembic_version")) == 1


def test_two_upgrades_at_once_both_succeed(database_url: str) -> None:
    processes = [Terminal(database_url).begin("db", "upgrade") for _ in range(2)]
    for process in processes:
        out, error = process.communicate(timeout=60)
        assert (process.returncode, out, error) == (0, "the database is at this version\n", "")


@pytest.mark.parametrize("processes", [3])
def test_the_development_secret_is_made_once(terminal: Terminal, processes: int) -> None:
    local = terminal.with_settings(secret=None)
    started = [local.begin("keys", "list") for _ in range(processes)]
    for process in started:
        out, error = process.communicate(timeout=60)
        assert (process.returncode, out.count("active")) == (0, 1), error
