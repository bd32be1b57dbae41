"""What to register at each provider is printed, and the doctor says who does not answer and who is believed."""

import json
from pathlib import Path

import pytest
from anyio import to_thread

from tests.doctor.patient import found, healthy
from tests.presets.saying import apple_key
from tests.presets.stand_in import Reply, standing_in
from tests.presets.stand_ins import GitHubStandIn, GoogleStandIn, MicrosoftStandIn
from tests.server.terminal import PRODUCTION, Terminal

pytestmark = pytest.mark.anyio
TWO = {
    "google": {"client_id": "a", "client_secret": "hush"},
    "work": {"preset": "gitlab", "base_url": "https://git.house.test", "client_id": "b", "client_secret": "hush"},
}
CALLBACK = "https://id.house.test/auth/callback"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_redirect_uri_of_each_provider_is_printed_and_no_secret(sqlite_url: str) -> None:
    terminal = Terminal(sqlite_url, **PRODUCTION, providers=TWO)
    said = terminal.says("providers")
    assert said.splitlines()[0].split() == ["NAME", "PRESET", "ISSUER", "REDIRECT", "URI"]
    assert ["work", "gitlab", "https://git.house.test", f"{CALLBACK}/work"] in [
        row.split() for row in said.splitlines()
    ]
    listed = json.loads(terminal.says("providers", "--json"))
    assert [one["redirect_uri"] for one in listed] == [f"{CALLBACK}/google", f"{CALLBACK}/work"]
    assert "hush" not in said + json.dumps(listed)


def test_without_providers_nothing_is_listed(sqlite_url: str) -> None:
    assert json.loads(Terminal(sqlite_url, **PRODUCTION).says("providers", "--json")) == []


def test_a_provider_that_cannot_start_is_one_sentence(sqlite_url: str) -> None:
    result = Terminal(sqlite_url, **PRODUCTION, providers={"github": {"client_id": "a"}})("providers")
    assert result.exit_code == 1
    assert "GATEPOST_PROVIDERS: github: set its client_secret" in result.output
    assert "Traceback" not in result.output


def test_the_doctor_asks_no_provider_unless_it_is_told_to(sqlite_url: str) -> None:
    assert found(healthy(sqlite_url, providers=TWO)) == []


def test_the_doctor_finds_whose_unverified_addresses_are_believed(sqlite_url: str) -> None:
    trusted = {"google": {**TWO["google"], "dangerously_trusts_email": True}}
    assert found(healthy(sqlite_url, providers=trusted)) == ["provider-trust"]


def test_the_doctor_finds_a_key_that_others_can_read(sqlite_url: str, tmp_path: Path) -> None:
    key = tmp_path / "AuthKey_KEY1234567.p8"
    key.write_text(apple_key())
    one = {"client_id": "a", "team_id": "TEAM123456", "key_id": "KEY1234567", "private_key": str(key)}
    terminal = healthy(sqlite_url, providers={"apple": one})
    key.chmod(0o640)
    assert found(terminal) == ["env-file"]
    key.chmod(0o600)
    assert found(terminal) == []
    assert found(terminal.with_settings(providers={"apple": {**one, "private_key": apple_key()}})) == []


async def test_the_doctor_finds_a_provider_whose_discovery_cannot_be_read(sqlite_url: str) -> None:
    async with standing_in(GoogleStandIn) as google, standing_in(MicrosoftStandIn) as microsoft:
        providers = {one.name: one.settings() for one in (google, microsoft)} | {"github": GitHubStandIn().settings()}
        providers["github"].pop("base_url")
        here = {"env": "development", "public_url": "https://localhost", "outbound_dangerously_reaches_loopback": True}
        terminal = Terminal(sqlite_url, **here, providers=providers)

        async def said() -> list[dict[str, str]]:
            result = await to_thread.run_sync(terminal, "doctor", "--format", "json", "--network")
            return [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "provider"]

        assert await said() == []
        google.instead = {"/.well-known/openid-configuration": Reply(200, {"issuer": "https://evil.test"})}
        (finding,) = await said()
        assert finding["level"] == "error"
        assert finding["found"].startswith("google does not say who it is")
