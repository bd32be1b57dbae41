"""`gatepost.testing`: what a host's own tests stand on."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from pydantic import SecretStr

from gatepost import CurrentUser, Gatepost, Settings
from gatepost.events import SignedIn
from gatepost.testing import PASSWORD, isolated, mailbox, signed_in

SETTINGS = Settings(
    public_url="https://app.example",
    database_url=SecretStr("postgresql://nobody@127.0.0.1:1/production"),
    prefix="/id",
    scopes=("a", "b"),
)
gate = Gatepost(SETTINGS)
app = FastAPI()
gate.install(app)


@app.get("/me")
async def me(user: CurrentUser) -> str:
    return str(user.email)


def test_a_production_gate_runs_isolated_and_is_itself_again_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = (gate.settings, gate.web, gate.clock, gate.mailer)
    with isolated(gate) as same, TestClient(app) as client:
        assert same is gate
        assert gate.settings.prefix == "/id"
        assert client.get("/me").status_code == 401
        assert client.post("/id/register", json={"email": "a@example.com", "password": PASSWORD}).status_code == 201
        assert client.post("/id/login", json={"identifier": "a@example.com", "password": PASSWORD}).status_code == 200
        assert client.get("/me").json() == "a@example.com"
        assert "nobody@127.0.0.1" not in gate.settings.url_of_database
        file = Path(gate.settings.url_of_database.removeprefix("sqlite:///"))
        assert file.exists()
    assert (gate.settings, gate.web, gate.clock, gate.mailer) == before
    assert gate.settings is SETTINGS
    assert not file.exists()
    assert list(tmp_path.iterdir()) == []


def test_each_isolation_begins_empty() -> None:
    for _ in range(2):
        with isolated(gate), TestClient(app) as client:
            answer = client.post("/id/register", json={"email": "a@example.com", "password": PASSWORD})
            assert answer.status_code == 201


def test_it_is_restored_when_the_test_fails() -> None:
    with pytest.raises(ZeroDivisionError), isolated(gate):
        raise ZeroDivisionError
    assert gate.settings is SETTINGS


def test_settings_can_be_changed_by_name_and_are_checked() -> None:
    with isolated(gate, access_lifetime=30):
        assert gate.settings.access_lifetime == 30
    with pytest.raises(TypeError, match="no such setting: acess_lifetime"), isolated(gate, acess_lifetime=30):
        pytest.fail("accepted")
    with pytest.raises(ValueError, match="access_lifetime"), isolated(gate, access_lifetime=1):
        pytest.fail("accepted")
    assert gate.settings is SETTINGS


def test_a_running_gate_is_not_isolated() -> None:
    with (
        isolated(gate),
        TestClient(app),
        pytest.raises(RuntimeError, match="before the application starts"),
        isolated(gate),
    ):
        pytest.fail("isolated twice")


def test_signed_in_returns_the_user_as_asked() -> None:
    with isolated(gate), TestClient(app) as client:
        user = signed_in(client, gate, email="Ada@Example.com", roles=["admin", "cook"], email_verified=False)
        assert (user.email, user.roles, user.email_verified) == ("ada@example.com", frozenset({"admin", "cook"}), False)
        assert client.get("/id/me").json()["roles"] == ["admin", "cook"]
        other = signed_in(client, gate)
        assert (other.id != user.id, other.email_verified) == (True, True)
        assert client.get("/me").json() == other.email


def test_somebody_who_is_there_is_signed_in_again_with_more_roles() -> None:
    with isolated(gate), TestClient(app) as client:
        first = signed_in(client, gate, email="ada@example.com", roles=["a"])
        second = signed_in(client, gate, email="ada@example.com", roles=["b"])
        assert (second.id, second.roles) == (first.id, frozenset({"a", "b"}))
        assert len(client.get("/id/sessions").json()["items"]) == 2


def test_the_client_carries_one_credential_and_can_sign_out_and_in() -> None:
    with isolated(gate), TestClient(app) as client:
        signed_in(client, gate, by="bearer")
        assert "Authorization" in client.headers
        user = signed_in(client, gate, email="ada@example.com")
        assert "Authorization" not in client.headers
        assert client.get("/me").json() == user.email
        assert client.post("/id/logout").status_code == 204
        assert client.get("/me").status_code == 401
        assert client.post("/id/login", json={"identifier": user.email, "password": PASSWORD}).status_code == 200
        assert [cookie.name for cookie in client.cookies.jar] == [gate.web.session_cookie, gate.web.device_cookie]
        assert client.get("/me").json() == user.email


def test_a_credential_carries_the_scopes_that_are_asked_for() -> None:
    with isolated(gate), TestClient(app) as client:
        assert client.portal is not None
        for scopes, wanted in ((None, {"a", "b"}), (["a"], {"a"}), ([], set())):
            signed_in(client, gate, scopes=scopes, by="bearer")
            token = client.headers["Authorization"].removeprefix("Bearer ")
            assert client.portal.call(gate.authenticate, token).scopes == wanted


def test_a_disabled_user_cannot_be_signed_in() -> None:
    with isolated(gate), TestClient(app) as client:
        user = signed_in(client, gate, email="ada@example.com")
        assert client.portal is not None
        assert client.portal.call(gate.users.disable, user.id)
        with pytest.raises(RuntimeError, match="disabled"):
            signed_in(client, gate, email="ada@example.com")


def test_listeners_hear_the_sign_in() -> None:
    own, host = Gatepost(), FastAPI()
    own.install(host)
    heard: list[Any] = []
    own.on(SignedIn)(heard.append)
    with isolated(own), TestClient(host) as client:
        user = signed_in(client, own)
        assert [event.user_id for event in heard] == [user.id]


def test_time_moves_for_the_application_and_its_store() -> None:
    with isolated(gate), TestClient(app) as client:
        signed_in(client, gate)
        gate.clock.advance(gate.settings.session_idle - 60)
        assert client.get("/me").status_code == 200
        gate.clock.advance(gate.settings.session_idle + 60)
        assert client.get("/me").status_code == 401


def test_the_mailbox_has_what_was_mailed_without_waiting() -> None:
    with isolated(gate), TestClient(app) as client:
        user = signed_in(client, gate)
        assert mailbox(client, gate) == []
        change = {"current_password": PASSWORD, "new_password": "a longer pass phrase"}
        assert client.post("/id/password/change", json=change).status_code == 204
        (mail,) = mailbox(client, gate)
        assert (mail.recipient, mail.subject) == (user.email, "Your password for testserver was changed")


def test_without_isolation_there_is_no_mailbox() -> None:
    with pytest.raises(RuntimeError, match="isolated"):
        mailbox(TestClient(app), gate)


def test_a_client_that_was_not_entered_says_so() -> None:
    with isolated(gate), pytest.raises(RuntimeError, match="with TestClient"):
        signed_in(TestClient(app), gate)


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["testserver", "127.0.0.1", "app.example"])
async def test_it_works_with_an_asynchronous_client(host: str) -> None:
    transport: Any = ASGITransport(app)
    with isolated(gate):
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=transport, base_url=f"http://{host}") as ours,
        ):
            user = await signed_in(ours, gate, roles=["admin"])
            assert (await ours.get("/me")).json() == user.email
            change = {"current_password": PASSWORD, "new_password": "a longer pass phrase"}
            assert (await ours.post("/id/password/change", json=change)).status_code == 204
            assert (await ours.get("/me")).json() == user.email
            assert [mail.recipient for mail in await mailbox(ours, gate)] == [user.email]
            await signed_in(ours, gate, by="bearer")
            assert (await ours.get("/me")).json() != user.email
            gate.clock.advance(1000)
            assert (await ours.get("/me")).status_code == 401


def test_importing_it_needs_no_client_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys; sys.modules['httpx'] = sys.modules['httpx2'] = None; import gatepost.testing"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
