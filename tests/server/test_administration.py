"""`gatepost users create-admin`, `invite`, `show`, `sign-out`, `delete`."""

import pytest

from tests.admin.people import mailed
from tests.harness import EMAIL, PASSWORD, bearer, query, running
from tests.server.terminal import Terminal

CREATE = ("users", "create-admin", "--email", EMAIL)


@pytest.mark.anyio
async def test_an_administrator_of_the_terminal_administers_and_closes_the_set_up(
    terminal: Terminal, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await terminal.aside(*CREATE, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert query(sqlite_url, "SELECT name FROM gatepost_meta WHERE name = 'first_admin'") == [("first_admin",)]
    async with running(sqlite_url) as it:
        assert "has no administrator" not in capsys.readouterr().err
        token = (await it.signed_in())["access_token"]
        assert (await it.client.get("/auth/admin/users", headers=bearer(token))).status_code == 200
        body = {"token": "x", "email": "b@example.com", "password": PASSWORD}
        assert (await it.client.post("/auth/setup", json=body)).status_code == 404


@pytest.mark.anyio
async def test_an_invited_administrator_gets_the_link_from_the_server(terminal: Terminal, sqlite_url: str) -> None:
    await terminal.aside(*CREATE, "--invite")
    assert query(sqlite_url, "SELECT 1 FROM gatepost_password") == []
    async with running(sqlite_url) as it:
        token = (await mailed(it, EMAIL, "You are invited")).body.split("#token=")[1].split()[0]
        answer = await it.client.post("/auth/invitation", json={"token": token, "new_password": PASSWORD})
        assert answer.status_code == 204
        access = (await it.signed_in())["access_token"]
        assert (await it.client.get("/auth/admin/users", headers=bearer(access))).status_code == 200


def test_inviting_twice_is_one_user_with_two_mails(terminal: Terminal, sqlite_url: str) -> None:
    first = terminal.says("users", "invite", EMAIL, "--role", "editor", "--full-name", "Ada")
    assert terminal.says("users", "invite", EMAIL) == first
    assert query(sqlite_url, "SELECT role FROM gatepost_user_role") == [("editor",)]
    assert len(query(sqlite_url, "SELECT 1 FROM gatepost_outbox")) == 2


def test_a_user_is_shown_signed_out_and_deleted(terminal: Terminal, sqlite_url: str) -> None:
    terminal.says(*CREATE, "--password-stdin", stdin=f"{PASSWORD}\n")
    shown = dict(line.split(maxsplit=1) for line in terminal.says("users", "show", EMAIL).splitlines()[:7])
    assert (shown["e-mail"], shown["roles"], shown["state"]) == (f"{EMAIL} (verified)", "admin", "enabled")
    assert terminal.says("users", "sign-out", EMAIL) == f"{EMAIL}: every session ended"
    assert query(sqlite_url, "SELECT epoch FROM gatepost_user") == [(1,)]
    assert terminal("users", "delete", EMAIL, stdin="n\n").exit_code == 1
    assert len(query(sqlite_url, "SELECT 1 FROM gatepost_user")) == 1
    assert terminal.says("users", "delete", EMAIL, "--yes") == f"{EMAIL}: deleted"
    assert query(sqlite_url, "SELECT 1 FROM gatepost_user") == []


def test_a_change_of_password_is_required_and_the_user_is_told(terminal: Terminal, sqlite_url: str) -> None:
    terminal.says("users", "create", "--email", EMAIL, "--password-stdin", stdin=f"{PASSWORD}\n")
    require = ("users", "require-password-change", EMAIL)
    mails = len(query(sqlite_url, "SELECT 1 FROM gatepost_outbox"))
    assert terminal.says(*require) == f"{EMAIL}: has to change the password, every session ended"
    assert terminal.says(*require) == f"{EMAIL}: had to change the password before"
    assert "has to be changed" in terminal.says("users", "show", EMAIL)
    assert len(query(sqlite_url, "SELECT 1 FROM gatepost_outbox")) == mails + 1
    terminal.says("users", "invite", "bob@example.com")
    refused = terminal("users", "require-password-change", "bob@example.com")
    assert (refused.exit_code, refused.stderr) == (1, "gatepost: This user has no password.\n")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("users", "create-admin", "--invite"), 2, "give --email"),
        (("users", "create-admin", "--username", "ada", "--invite"), 2, "give --email"),
        (("users", "create-admin"), 2, "give --email or --username"),
        (("users", "show", "nobody@example.com"), 1, "no such user"),
        (("users", "sign-out", "nobody@example.com"), 1, "no such user"),
        (("users", "delete", "nobody@example.com", "--yes"), 1, "no such user"),
        (("users", "invite", "nobody"), 2, "email"),
    ],
)
def test_what_is_refused_is_one_sentence(terminal: Terminal, words: tuple[str, ...], code: int, sentence: str) -> None:
    terminal.says("users", "list")
    result = terminal(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1
