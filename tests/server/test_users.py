"""`gatepost users`: people, from the terminal."""

import os
import pty
import uuid
from pathlib import Path

import pytest

from tests.harness import EMAIL, PASSWORD, query, running
from tests.server.terminal import PRODUCTION, Terminal

CREATE = ("users", "create", "--email", EMAIL, "--password-stdin")


def user_of(terminal: Terminal, *more: str) -> str:
    return terminal.says(*CREATE, *more, stdin=f"{PASSWORD}\n")


def test_an_empty_production_database_is_upgraded_and_gets_its_first_user(database_url: str) -> None:
    terminal = Terminal(database_url, **PRODUCTION)
    assert terminal("users", "list").exit_code == 1
    terminal.says("db", "upgrade")
    terminal.says("db", "upgrade")
    user_id = user_of(terminal, "--role", "admin", "--role", "editor")
    assert str(uuid.UUID(user_id)) == user_id
    heads, row = terminal.says("users", "list").splitlines()
    assert heads.split() == ["ID", "E-MAIL", "USERNAME", "ROLES", "MADE", "STATE"]
    assert row.split()[:5] == [user_id, EMAIL, "-", "admin", "editor"]


@pytest.mark.anyio
async def test_a_user_made_by_the_command_signs_in(terminal: Terminal, sqlite_url: str) -> None:
    await terminal.aside(*CREATE, "--full-name", "Ada Lovelace", "--verified", stdin=f"{PASSWORD}\n")
    async with running(sqlite_url) as house:
        tokens = await house.signed_in()
        me = await house.client.get("/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert (me.json()["full_name"], me.json()["email_verified"]) == ("Ada Lovelace", True)


def test_only_the_first_line_of_standard_input_is_the_password(terminal: Terminal, sqlite_url: str) -> None:
    terminal.says(*CREATE, stdin=f"{PASSWORD}\r\nand more\n")
    assert len(query(sqlite_url, "SELECT 1 FROM gatepost_password")) == 1


def test_a_password_is_never_an_argument(terminal: Terminal) -> None:
    assert terminal("users", "create", "--email", EMAIL, "--password", PASSWORD).exit_code == 2


def test_without_a_terminal_the_password_is_not_asked_for(terminal: Terminal) -> None:
    result = terminal("users", "create", "--email", EMAIL, stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert (result.exit_code, "--password-stdin" in result.stderr) == (2, True)


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(terminal: Terminal, sqlite_url: str) -> None:
    ours, theirs = pty.openpty()
    command = ("users", "create", "--email", EMAIL)
    process = terminal.begin(*command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = ""
    for _ in range(2):
        while not seen.endswith(": "):
            seen += os.read(ours, 1000).decode()
        os.write(ours, f"{PASSWORD}\n".encode())
        seen += os.read(ours, 1000).decode()
    assert process.wait(30) == 0
    os.close(ours)
    assert PASSWORD not in seen
    assert query(sqlite_url, "SELECT email FROM gatepost_user") == [(EMAIL,)]


@pytest.mark.parametrize(
    ("words", "stdin", "code", "sentence"),
    [
        (("users", "create", "--password-stdin"), PASSWORD, 2, "give --email or --username"),
        (CREATE, "short", 2, "at least 8"),
        (("users", "create", "--email", "nobody", "--password-stdin"), PASSWORD, 2, "email"),
        ((*CREATE, "--role", "Two Words"), PASSWORD, 2, "role"),
        (("users", "disable", "nobody@example.com"), "", 1, "no such user"),
        (("users", "enable", "not an identifier"), "", 2, "identifier"),
        (("users", "set-role", str(uuid.UUID(int=7)), "admin"), "", 1, "no such user"),
    ],
)
def test_what_is_refused_is_one_sentence(
    terminal: Terminal, words: tuple[str, ...], stdin: str, code: int, sentence: str
) -> None:
    terminal.says("db", "upgrade")
    if words[1] != "create":
        terminal.says("users", "list")
    result = terminal(*words, stdin=stdin)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_taken_address_is_refused(terminal: Terminal) -> None:
    user_of(terminal)
    result = terminal(*CREATE, stdin=PASSWORD)
    assert (result.exit_code, "is taken" in result.stderr) == (1, True)


def test_a_user_is_found_by_address_in_any_spelling_and_by_id(terminal: Terminal) -> None:
    user_id = user_of(terminal)
    assert "disabled" in terminal.says("users", "disable", EMAIL.upper())
    assert "was disabled before" in terminal.says("users", "disable", user_id)
    assert terminal.says("users", "list").splitlines()[1].endswith("disabled")
    assert terminal.says("users", "enable", user_id) == f"{EMAIL}: enabled"


@pytest.mark.anyio
async def test_disabling_and_losing_a_role_end_sessions_in_a_running_process(database_url: str) -> None:
    terminal = Terminal(database_url)
    async with running(database_url) as house:
        tokens = await house.enrolled()
        await terminal.aside("users", "set-role", EMAIL, "admin")
        assert (await house.principal(tokens["access_token"])).status_code == 200
        as_admin = await house.signed_in()
        assert (await house.principal(as_admin["access_token"])).json()["roles"] == ["admin"]
        await terminal.aside("users", "set-role", EMAIL, "admin", "--remove")
        house.clock.advance(2)  # older than the bound: the next request reads the feed
        assert (await house.principal(as_admin["access_token"])).status_code == 401
        again = await house.signed_in()
        await terminal.aside("users", "disable", EMAIL)
        house.clock.advance(2)
        assert (await house.principal(again["access_token"])).status_code == 401
        assert (await house.token()).status_code == 400


def test_a_gatepost_in_code_is_used_with_its_own_rules(terminal: Terminal, folder: Path, sqlite_url: str) -> None:
    (folder / "own_house.py").write_text(
        "from gatepost import Gatepost, Settings\n"
        "from gatepost.events import UserRegistered\n"
        "from gatepost import Refused\n"
        f"gate = Gatepost(Settings(database_url={sqlite_url!r}, env='development', hash_memory_kib=7168))\n"
        "@gate.on(UserRegistered, within=True)\n"
        "async def only_friends(event, connection):\n"
        "    if event.email != 'friend@example.com':\n"
        "        raise Refused('only friends may come in')\n"
    )
    elsewhere = terminal.with_settings(database_url="sqlite:///elsewhere.db")
    refused = elsewhere(*CREATE, "--app", "own_house:gate", stdin=PASSWORD)
    assert (refused.exit_code, refused.stderr) == (1, "gatepost: only friends may come in\n")
    create = ("users", "create", "--email", "friend@example.com", "--password-stdin")
    elsewhere.says(*create, "--app", "own_house:gate", stdin=PASSWORD)
    assert query(sqlite_url, "SELECT email FROM gatepost_user") == [("friend@example.com",)]
    assert not (folder / "elsewhere.db").exists()


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ("nowhere:gate", "No module named 'nowhere'"),
        ("json:gate", "has no attribute 'gate'"),
        ("json:loads", "name the Gatepost itself"),
        ("json", "module:attribute"),
    ],
)
def test_an_app_that_is_no_gatepost_is_named(terminal: Terminal, app: str, sentence: str) -> None:
    result = terminal("users", "list", "--app", app)
    assert (result.exit_code, sentence in result.stderr) == (2, True), result.stderr


def test_a_command_leaves_the_mails_to_the_server(terminal: Terminal, sqlite_url: str) -> None:
    terminal.says("db", "upgrade")
    columns = "id, sealed, created_at, due_at, attempts, leased_until"
    due = f"INSERT INTO gatepost_outbox ({columns}) VALUES ('{uuid.uuid4().hex}', x'00', 0, 0, 0, 0)"
    query(sqlite_url, due)  # long ago
    user_of(terminal, "--verified")
    assert query(sqlite_url, "SELECT attempts FROM gatepost_outbox") == [(0,)]
