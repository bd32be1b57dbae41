"""What is exported can be imported elsewhere; what is exported of one person is theirs alone, and without secrets."""

import json
import stat
from pathlib import Path

from tests.harness import EMAIL, PASSWORD, Running, query
from tests.imports.people import arranged, signed_in
from tests.server.terminal import Terminal


def test_a_round_trip_keeps_everybody_and_their_passwords(terminal: Terminal, folder: Path) -> None:
    async def arrange(house: Running) -> None:
        for name in ("ada", "bob", "eve"):
            await house.register(f"{name}@example.com")
        eve = await house.gate.users.find("eve@example.com")
        bob = await house.gate.users.find("bob@example.com")
        assert eve is not None
        assert bob is not None
        await house.gate.users.disable(eve.id)
        await house.gate.users.grant_role(bob.id, "editor")

    arranged(terminal, arrange)
    assert terminal.says("export", "people.jsonl") == "3 users written to people.jsonl"
    assert stat.S_IMODE((folder / "people.jsonl").stat().st_mode) == 0o600
    elsewhere = Terminal(f"sqlite:///{folder / 'elsewhere.db'}")
    elsewhere.says("db", "upgrade")
    assert "3 imported" in elsewhere.says("import", "people.jsonl", "--keep-ids")
    assert signed_in(elsewhere, "ada@example.com", "bob@example.com", "eve@example.com", password=PASSWORD) == [
        200,
        200,
        400,
    ]
    elsewhere.says("export", "again.jsonl")

    def records(name: str) -> list[dict[str, object]]:
        found = [json.loads(line) for line in (folder / name).read_text().splitlines()]
        return [{**record, "password_hash": None} for record in found]  # a sign-in may have replaced it

    assert records("again.jsonl") == records("people.jsonl")


def test_a_peppered_hash_comes_back_where_its_pepper_is_known_and_nowhere_else(here: Terminal, folder: Path) -> None:
    pepper = "fedcba9876543210" * 4
    house = here.with_settings(password_pepper=pepper)
    house.says("users", "create", "--email", EMAIL, "--password-stdin", stdin=PASSWORD)
    house.says("export", "people.jsonl")
    elsewhere = Terminal(f"sqlite:///{folder / 'elsewhere.db'}")
    elsewhere.says("db", "upgrade")
    assert elsewhere("import", "people.jsonl").exit_code == 1
    assert "1 imported" in elsewhere.with_settings(password_pepper=pepper).says("import", "people.jsonl")


def test_an_export_overwrites_nothing(here: Terminal, folder: Path) -> None:
    (folder / "people.jsonl").write_text("mine")
    result = here("export", "people.jsonl")
    assert (result.exit_code, "exists already" in result.stderr) == (1, True)
    assert (folder / "people.jsonl").read_text() == "mine"


def test_one_person_s_data_is_all_theirs_and_holds_no_secret(terminal: Terminal) -> None:
    url = str(terminal.settings["database_url"])

    async def arrange(house: Running) -> None:
        await house.enrolled()
        await house.enrolled("other@example.com")

    arranged(terminal, arrange)
    known = json.loads(terminal.says("users", "export", EMAIL))
    assert [row["email"] for row in known["user"]] == [EMAIL]
    assert len(known["sessions"]) == len(known["password"]) == 1
    assert {"user.registered", "login.succeeded"} <= {row["event"] for row in known["audit"]}
    text = json.dumps(known)
    assert "other@example.com" not in text
    assert "$argon2" not in text
    hidden = {"hash", "salt", "sealed", "mac"}
    assert not any(hidden & row.keys() for rows in known.values() for row in rows)
    assert query(url, "SELECT count(*) FROM gatepost_audit WHERE event = 'user.exported'") == [(1,)]


def test_nobody_s_data_is_a_sentence(here: Terminal) -> None:
    result = here("users", "export", "nobody@example.com")
    assert (result.exit_code, result.stderr) == (1, "gatepost: there is no such user\n")


def test_every_table_that_names_a_user_is_in_the_export() -> None:
    from gatepost.core.users import person
    from gatepost.storage.schema import metadata

    named = {
        table.name
        for table in metadata.tables.values()
        if any(key.column.table.name == "gatepost_user" for key in table.foreign_keys)
    }
    exported = {
        table.name
        for table in metadata.tables.values()
        if any(f"FROM {table.name}" in statement.on("sqlite").sql for _, statement in person._PARTS.values())
    }
    assert named - exported == set()
