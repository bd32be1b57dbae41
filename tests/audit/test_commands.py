"""`gatepost audit`, and a server that seals by itself."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import CHEAP, eventually, query, running, served
from tests.server.terminal import Terminal

OLD, NEW = "an-old-one-0123456789-abcdefghijklmnop", "the-new-one-0123456789-abcdefghijklmnop"
UNSEALED = "SELECT count(*) FROM gatepost_audit_queue"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


async def lived_in(database_url: str, **changes: Any) -> None:  # noqa: ANN401 - any setting
    """Let a Gatepost see a sign-up, a sign-in and a failure, and seal them."""
    async with running(database_url, **changes) as house:
        await house.enrolled()
        assert (await house.token(password="wrong wrong wrong")).status_code == 400

        async def is_sealed() -> bool:
            return bool(house.value(UNSEALED) == 0)

        house.clock.advance(10)  # the lease of a process before this one
        await eventually(is_sealed, within=10)


@pytest.mark.anyio
async def test_a_server_seals_by_itself_and_the_command_verifies(database_url: str) -> None:
    terminal = Terminal(database_url)
    await lived_in(database_url)
    answer = json.loads(await terminal.aside("audit", "verify", "--json"))
    assert (answer["clean"], answer["unsealed"], answer["findings"]) == (True, 0, [])
    assert answer["verified"] >= 3
    head = await terminal.aside("audit", "head")
    assert head == answer["head"]
    assert (await terminal.aside("audit", "verify", "--head", head)).endswith("nothing is wrong")


def test_a_finding_ends_the_command_with_one_and_says_where(terminal_of_trail: Terminal, sqlite_url: str) -> None:
    head = terminal_of_trail.says("audit", "head")
    query(sqlite_url, "DROP TRIGGER gatepost_audit_is_append_only")
    changed = query(sqlite_url, "SELECT audit_id FROM gatepost_audit_link WHERE position = 2")[0][0]
    query(sqlite_url, f"UPDATE gatepost_audit SET event = 'x' WHERE id = '{changed}'")
    result = terminal_of_trail("audit", "verify")
    assert result.exit_code == 1
    assert f"position 2: the row or its link is not what was sealed here (row {changed})" in result.stdout
    position, mac = head.split(":")
    assert terminal_of_trail("audit", "verify", "--head", f"{int(position) + 5}:{mac}").exit_code == 1


@pytest.fixture
def terminal_of_trail(sqlite_url: str) -> Terminal:
    asyncio.run(lived_in(sqlite_url))
    return Terminal(sqlite_url)


def test_list_shows_what_the_filters_ask_for(terminal_of_trail: Terminal) -> None:
    lines = terminal_of_trail.says("audit", "list").splitlines()
    assert lines[0].split() == ["TIME", "EVENT", "ACTOR", "SUBJECT", "IP", "DETAIL"]
    assert any("login.failed" in line for line in lines)
    only = terminal_of_trail.says("audit", "list", "--event", "login.failed", "--since", "2020-01-01").splitlines()
    assert len(only) == 2
    assert len(terminal_of_trail.says("audit", "list", "--until", "2020-01-01T00:00:00Z").splitlines()) == 1
    assert len(terminal_of_trail.says("audit", "list", "--limit", "1").splitlines()) == 2
    assert '\\"' not in "".join(lines)  # details are JSON, escaped once


def test_an_export_is_whole_and_leaves_a_row(terminal_of_trail: Terminal, sqlite_url: str) -> None:
    lines = [json.loads(line) for line in terminal_of_trail.says("audit", "export").splitlines()]
    assert len(lines) == query(sqlite_url, "SELECT count(*) FROM gatepost_audit")[0][0]
    assert lines[-1]["event"] == "audit.exported"
    text = terminal_of_trail.says("audit", "export", "--format", "csv", "--event", "audit.exported")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["event"] for row in rows] == ["audit.exported"] * 2
    assert json.loads(rows[-1]["detail"]) == {"events": "audit.exported"}


def test_a_stranger_s_words_do_not_command_the_terminal(terminal_of_trail: Terminal, sqlite_url: str) -> None:
    query(
        sqlite_url,
        "INSERT INTO gatepost_audit (id, at, event) VALUES ('0000000000007000800000000000000a', 1, char(27) || '[2J')",
    )
    for words in (("list",), ("export",), ("export", "--format", "jsonl")):
        assert "\x1b" not in terminal_of_trail.says("audit", *words)


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--actor", "x"),
        ("list", "--since", "yesterday"),
        ("verify", "--head", "5"),
        ("export", "--format", "xml"),
        ("prune", "--older-than", "0"),
        ("list", "--limit", "0"),
    ],
)
def test_what_is_not_understood_ends_with_two(sqlite_url: str, words: tuple[str, ...]) -> None:
    assert Terminal(sqlite_url)("audit", *words).exit_code == 2


def test_prune_deletes_what_is_old_and_the_rest_verifies(terminal_of_trail: Terminal, sqlite_url: str) -> None:
    assert terminal_of_trail.says("audit", "prune", "--older-than", "1") == "0 rows deleted"
    result = terminal_of_trail.with_settings(audit_retention=0)("audit", "prune")
    assert (result.exit_code, "--older-than" in result.stderr) == (1, True)
    deleted = terminal_of_trail.with_settings(audit_retention=1).says("audit", "prune")
    assert deleted.endswith(" rows deleted")
    assert terminal_of_trail.says("audit", "verify").endswith("nothing is wrong")


def test_production_refuses_a_retention_in_the_wrong_unit(sqlite_url: str) -> None:
    result = Terminal(
        sqlite_url,
        env="production",
        public_url="https://id.house.test",
        secret="0123456789abcdef" * 4,
        audit_retention=400,
    )("audit", "list")
    assert (result.exit_code, "in seconds" in result.stderr) == (1, True)


@pytest.mark.anyio
async def test_the_chain_and_an_outside_head_outlive_the_secret(database_url: str) -> None:
    old = Terminal(database_url, secret=OLD)
    await lived_in(database_url, secret=OLD)
    outside = await old.aside("audit", "head")
    both = Terminal(database_url, secret=NEW, secret_previous=OLD)
    async with running(database_url, secret=NEW, secret_previous=OLD) as house:
        house.clock.advance(10)
        await house.signed_in()

        async def is_sealed() -> bool:
            return bool(house.value(UNSEALED) == 0)

        await eventually(is_sealed, within=10)
    new = Terminal(database_url, secret=NEW)
    await both.aside("secret", "rotate")
    assert (await new.aside("audit", "verify", "--head", outside)).endswith("nothing is wrong")
    keys = query(database_url, "SELECT DISTINCT key_id FROM gatepost_audit_link")
    assert len(keys) == 2
    third = {"secret": "a-third-one-0123456789-abcdefghijklmn", "secret_previous": NEW}
    await Terminal(database_url, **third).aside("secret", "rotate")
    assert (await Terminal(database_url, secret=third["secret"]).aside("audit", "verify", "--head", outside)).endswith(
        "nothing is wrong"
    )


@pytest.mark.anyio
async def test_two_servers_one_of_them_killed_leave_a_whole_chain(database_url: str) -> None:
    with served(database_url, processes=2) as (one, other):
        async with one.client() as first, other.client() as second:
            for number in range(6):
                for client in (first, second):
                    person = {
                        "email": f"p{number}{client.base_url.port}@example.com",
                        "password": "a long enough phrase",
                    }
                    assert (await client.post("/auth/register", json=person)).status_code == 201
                if number == 3:
                    one.kill()
                    one.start()

        async def is_sealed() -> bool:
            return bool(query(database_url, UNSEALED)[0][0] == 0)

        await eventually(is_sealed, within=20)
    settings = {name: value for name, value in CHEAP.items() if name != "secret"}
    answer = json.loads(await Terminal(database_url, **settings).aside("audit", "verify", "--json"))
    assert (answer["clean"], answer["verified"]) == (
        True,
        query(database_url, "SELECT count(*) FROM gatepost_audit")[0][0],
    )
