"""What must not start, what must not exist in production, and who wins when two start at once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gatepost import Gatepost, Mail
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import ConfigurationError
from gatepost.storage.database import Database
from gatepost.storage.migrate import migrate
from gatepost.storage.schema import signing_key
from tests.threats.lab import Card, Lab, application, running, settings
from tests.threats.wire import JSON

pytestmark = pytest.mark.anyio
PRODUCTION: dict[str, Any] = {"env": "production", "public_url": "https://example.com", "mail": "none"}
UNSAFE: dict[str, dict[str, Any]] = {
    "no secret": {"secret": None},
    "empty secret": {"secret": ""},
    "short secret": {"secret": "0123456789abcdefghijklmnopqrstu"},
    "regular secret": {"secret": "a" * 64},
    "default secret": {"secret": "changeme" * 8},
    "short previous secret": {"secret_previous": "short"},
    "http": {"public_url": "http://example.com"},
    "no public URL": {"public_url": None},
    "public URL without host": {"public_url": "https://"},
    "public URL with a password": {"public_url": "https://user:word@example.com"},
    "memory database": {"database_url": "sqlite:///:memory:"},
}


async def _migrated(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'gatepost.db'}", Clock())
    await database.start()
    await migrate(database)
    await database.stop()


@pytest.mark.parametrize("changes", UNSAFE.values(), ids=UNSAFE.keys())
async def test_production_does_not_start_with_an_unsafe_setting(tmp_path: Path, changes: dict[str, Any]) -> None:
    await _migrated(tmp_path)
    with pytest.raises(ConfigurationError, match="GATEPOST_"):
        async with running(tmp_path, **{**PRODUCTION, **changes}):
            pass


@pytest.mark.parametrize(
    "url", ["https://example.com", "http://192.0.2.1", "http://localhost.evil.example", "http://0.0.0.0"]
)
async def test_development_does_not_start_on_an_address_that_others_reach(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="GATEPOST_ENV"):
        async with running(tmp_path, public_url=url):
            pass


async def test_the_mailbox_is_not_there_in_production(tmp_path: Path) -> None:
    await _migrated(tmp_path)
    async with running(tmp_path, **PRODUCTION) as own:
        for path in ("/auth/dev/mailbox", "/auth/dev/mailbox?key=mailbox-key", "/auth/dev/mailbox?key="):
            assert (await own.send("GET", path)).status == 404
        assert own.gate.mailbox_key == ""


async def test_the_mailbox_opens_to_its_key_only(lab: Lab) -> None:
    for query in ("", "?key=", "?key=x", "?key=mailbox-key%00", "?key=MAILBOX-KEY", "?key=x&key=mailbox-ke"):
        answer = await lab.send("GET", f"/auth/dev/mailbox{query}")
        assert (answer.status, answer.code) == (404, "request.not_found")
    assert (await lab.send("GET", "/auth/dev/mailbox?key=mailbox-key")).status == 200
    assert (await lab.send("GET", "/auth/dev/mailbox", headers=[("x-mailbox-key", "mailbox-key")])).status == 200


class _Silent:
    async def send(self, mail: Mail) -> None:
        """Deliver nothing."""


@pytest.mark.parametrize("key", [None, "", "mailbox-key"])
async def test_the_mailbox_opens_to_nobody_where_another_mailer_or_no_key_is_set(
    tmp_path: Path, key: str | None
) -> None:
    mailer = _Silent() if key != "" else None
    app = application(Gatepost(settings(tmp_path, mailbox_key=key), profile=Card, mailer=mailer))
    async with app.router.lifespan_context(app):
        own = Lab(app.state.gatepost, app)
        for query in ("", "?key="):
            assert (await own.send("GET", f"/auth/dev/mailbox{query}")).status == 404


async def test_two_that_start_at_once_make_one_signing_key(tmp_path: Path) -> None:
    await _migrated(tmp_path)
    both = asyncio.Barrier(2)

    async def start() -> tuple[str, int]:
        async with running(tmp_path) as own:
            await both.wait()
            kids = [key["kid"] for key in (await own.send("GET", "/auth/.well-known/jwks.json")).json()["keys"]]
            async with own.gate.core.database.engine.connect() as connection:
                count = (await connection.execute(sa.select(sa.func.count()).select_from(signing_key))).scalar_one()
            await both.wait()
            return ",".join(kids), count

    first, second = await asyncio.gather(start(), start())
    assert first == second
    assert first[1] == 1


async def test_another_secret_stops_the_start_and_makes_no_new_key(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        before = own.gate.core.keyring.signer().kid
    with pytest.raises(ConfigurationError, match="GATEPOST_SECRET"):
        async with running(tmp_path, secret="another-" * 3 + "0123456789abcdef"):
            pass
    async with running(tmp_path) as own:
        assert own.gate.core.keyring.signer().kid == before


async def test_no_header_changes_our_own_address(tmp_path: Path) -> None:
    sent: list[Mail] = []
    arrived = asyncio.Event()

    class Keep:
        async def send(self, mail: Mail) -> None:
            sent.append(mail)
            arrived.set()

    app = application(Gatepost(settings(tmp_path), profile=Card, mailer=Keep()))
    evil = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-forwarded-prefix", "/evil"),
    ]
    async with app.router.lifespan_context(app):
        own = Lab(app.state.gatepost, app)
        person = await own.person()
        value = await own.login(person, *evil)
        body = b'{"current_password": "correct horse battery", "new_password": "another horse battery"}'
        cookie = ("cookie", f"__Host-gatepost={value}")
        answer = await own.send("POST", "/auth/password/change", headers=[JSON, cookie, *evil], body=body)
        assert answer.status == 204
        assert "Secure" in answer.every("set-cookie")[-1]
        await asyncio.wait_for(arrived.wait(), 10)
    assert "https://localhost" in sent[0].body
    assert "evil" not in repr(sent[0])
