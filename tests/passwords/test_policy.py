"""One policy on every way to a password: what it refuses, in which words and codes, and before anything is spent."""

import itertools
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gatepost import Settings
from gatepost.core.passwords import BreachedPassword, CommonPassword, PasswordPolicy, WeakPassword
from gatepost.core.passwords.errors import PasswordNotChecked
from gatepost.core.passwords.events import PasswordCheckUnavailable
from gatepost.kernel.errors import ConfigurationError, InvalidInput
from tests.harness import PASSWORD, Running, bearer, eventually, running
from tests.passwords.hostile import digest, knowing, service, text

pytestmark = pytest.mark.anyio
_numbers = itertools.count()


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(f"sqlite:///{tmp_path / 'test.db'}") as found:
        yield found


def problem(response: httpx2.Response) -> tuple[int, str, str]:
    content = response.json()
    (error,) = content["errors"]
    assert error["type"] == content["code"]
    return response.status_code, content["code"], ".".join(error["loc"])


REFUSED = [
    ("short", "password.too_short"),
    ("pässwo\u0301", "password.too_short"),
    ("1234567890", "password.common"),
    ("ILOVEYOU1", "password.common"),
    ("Winter2023", "password.weak"),
    ("aaaaaaaaaaaaaaaa", "password.weak"),
    ("x" * 129, "request.invalid"),
    ("with\x00a NUL inside", "request.invalid"),
]


@pytest.mark.parametrize(("password", "code"), REFUSED)
async def test_every_way_to_a_password_refuses_alike(one: Running, password: str, code: str) -> None:
    assert problem(await one.register(password=password)) == (422, code, "body.password")
    assert one.value("SELECT count(*) FROM gatepost_user") == 0
    tokens = await one.enrolled()
    change = await one.client.post(
        "/auth/password/change",
        json={"current_password": PASSWORD, "new_password": password},
        headers=bearer(tokens["access_token"]),
    )
    assert problem(change) == (422, code, "body.new_password")
    token = {"token": "gpp_unknown", "new_password": password}
    reset = await one.client.post("/auth/password/reset", json=token)
    assert problem(reset) == (422, code, "body.new_password")
    with pytest.raises(InvalidInput) as caught:
        await one.gate.create_user(email="bob@example.com", password=password)
    assert caught.value.code == code
    assert (await one.login()).status_code == 200


async def test_a_password_made_of_what_the_user_is_known_by_is_refused(one: Running) -> None:
    person = {"email": "rosalind.franklin@example.com", "full_name": "Rosalind Franklin"}
    for password in (
        "rosalind.franklin@example.com",
        "Rosalind Franklin",
        "RosalindFranklin",
        "franklin1920",
        "localhost1",
    ):
        response = await one.client.post("/auth/register", json={**person, "password": password})
        assert problem(response) == (422, "password.weak", "body.password"), password
        assert password not in response.text
    assert (await one.client.post("/auth/register", json={**person, "password": PASSWORD})).status_code == 201


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "a long enough phrase", "пароль мой длинный", "vamwyx-kerdyq", "x7 Q~]ü🔑 zz", "tuna bottle grape"],
)
async def test_any_character_and_no_composition_is_asked_for(one: Running, password: str) -> None:
    email = f"person{next(_numbers)}@example.com"
    assert (await one.register(email, password)).status_code == 201
    assert (await one.login(email, password)).status_code == 200


async def test_two_spellings_of_one_password_are_one(one: Running) -> None:
    assert (await one.register(password="cafe\u0301 au lait, sil vous plai\u0302t")).status_code == 201
    assert (await one.login(password="caf\u00e9\u00a0au lait, sil vous pla\u00eet")).status_code == 200


async def test_a_score_of_nought_switches_the_judgment_off_and_the_lists_stay(tmp_path: Path) -> None:
    async with running(f"sqlite:///{tmp_path / 'test.db'}", password_min_score=0) as one:
        assert (await one.register(password="aaaaaaaaaaaaaaaa")).status_code == 201
        assert problem(await one.register("b@example.com", "1234567890"))[1] == "password.common"


async def test_the_length_of_a_single_factor_is_one_setting(tmp_path: Path) -> None:
    async with running(f"sqlite:///{tmp_path / 'test.db'}", password_min_length=15) as one:
        assert problem(await one.register(password="vamwyx-kerdyq9"))[1] == "password.too_short"
        assert (await one.register(password="vamwyx-kerdyq95")).status_code == 201


@pytest.mark.parametrize(("content", "code"), [("words", "password.common"), ("hashes", "password.breached")])
async def test_the_operators_list_is_asked(tmp_path: Path, content: str, code: str) -> None:
    listed = "the motto of our company"
    path = tmp_path / "list"
    path.write_text(f"{listed}\n" if content == "words" else f"{digest(listed)}:2\n")
    async with running(f"sqlite:///{tmp_path / 'test.db'}", password_blocklist=path) as one:
        assert problem(await one.register(password=listed))[1] == code
        assert (await one.register(password=PASSWORD)).status_code == 201


async def test_the_service_is_asked_last_and_believed(tmp_path: Path) -> None:
    async with (
        service(knowing("stolen from somewhere")) as other,
        running(f"sqlite:///{tmp_path / 'test.db'}", password_range_url=other.url) as one,
    ):
        assert problem(await one.register(password="1234567890"))[1] == "password.common"
        assert problem(await one.register(password="Winter2023"))[1] == "password.weak"
        assert other.requests == []
        assert problem(await one.register(password="stolen from somewhere"))[1] == "password.breached"
        assert (await one.register()).status_code == 201
        assert len(other.requests) == 2


@pytest.mark.parametrize("failure", ["accept", "refuse"])
async def test_what_happens_without_the_service_is_a_setting_and_an_event(
    tmp_path: Path, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[PasswordCheckUnavailable] = []
    async with service(text("", "500 Internal Server Error")) as other:
        changes: dict[str, Any] = {"password_range_url": other.url, "password_range_failure": failure}
        async with running(f"sqlite:///{tmp_path / 'test.db'}", **changes) as one:
            one.gate.on(PasswordCheckUnavailable)(heard.append)
            with caplog.at_level(logging.WARNING):
                response = await one.register()
            assert response.status_code == (201 if failure == "accept" else 503)
            if failure == "refuse":
                assert response.json()["code"] == PasswordNotChecked.code
                assert response.headers["retry-after"]
                assert one.value("SELECT count(*) FROM gatepost_user") == 0
    assert [(event.was_accepted, "500" in event.reason) for event in heard] == [(failure == "accept", True)]
    assert PASSWORD not in caplog.text


async def test_a_password_that_suits_nobody_uses_no_proof_up(one: Running) -> None:
    await one.enrolled()
    await one.client.post("/auth/password/forgot", json={"email": "ada@example.com"})
    proofs = "SELECT id, attempts, consumed_at FROM gatepost_proof"

    async def is_mailed() -> bool:
        return any("reset-password" in mail.body for mail in one.mails.sent)

    await eventually(is_mailed, within=10)
    before = one.rows(proofs)
    for password, _ in REFUSED:
        response = await one.client.post("/auth/password/reset", json={"token": "x", "new_password": password})
        assert response.status_code == 422
    assert one.rows(proofs) == before


async def test_the_new_password_may_not_be_the_current_one_in_another_spelling(one: Running) -> None:
    tokens = await one.enrolled(password="cafe\u0301 au lait, sil vous plai\u0302t")
    body = {
        "current_password": "cafe\u0301 au lait, sil vous plai\u0302t",
        "new_password": "caf\u00e9 au lait, sil vous pla\u00eet",
    }
    response = await one.client.post("/auth/password/change", json=body, headers=bearer(tokens["access_token"]))
    assert problem(response) == (422, "request.invalid", "body.new_password")


async def test_a_full_queue_is_said_and_judges_nothing(tmp_path: Path) -> None:
    async with running(f"sqlite:///{tmp_path / 'test.db'}", hash_threads=1, hash_queue=1) as one:
        held = [one.core.passwords.reserve() for _ in range(2)]
        response = await one.register()
        assert (response.status_code, response.json()["code"]) == (503, "login.busy")
        for slot in held:
            slot.release()
        assert (await one.register()).status_code == 201


async def test_an_accepted_password_is_judged_again_by_its_users_words_alone(
    tmp_path: Path,
) -> None:
    async with (
        service(knowing()) as other,
        running(f"sqlite:///{tmp_path / 'test.db'}", password_range_url=other.url) as one,
    ):
        policy: PasswordPolicy = one.core.password_policy
        accepted = await policy.accept("Rosalind Franklin!", field="new_password")
        with pytest.raises(WeakPassword):
            await policy.suit(accepted, field="new_password", words=["rosalind@example.com", "Rosalind Franklin"])
        assert len(other.requests) == 1


@pytest.mark.parametrize(
    ("url", "env"),
    [
        ("http://api.pwnedpasswords.com/range", "production"),
        ("http://127.0.0.1:9000/range", "production"),
        ("http://192.0.2.1/range", "development"),
        ("ftp://example.com/range", "development"),
        ("https://user:secret@example.com/range", "production"),
        ("https://example.com/range?key=secret", "production"),
        ("example.com", "production"),
        ("https:///range", "production"),
    ],
)
def test_an_unsafe_service_stops_the_start(url: str, env: Any) -> None:  # noqa: ANN401 - a choice of the settings
    public = "https://example.com" if env == "production" else "http://localhost:8000"
    made = Settings(_env_file=None, env=env, public_url=public, password_range_url=url)
    with pytest.raises(ConfigurationError, match="GATEPOST_PASSWORD_RANGE_URL") as caught:
        made.password_rules()
    assert "secret" not in str(caught.value)


def test_codes_are_of_one_family() -> None:
    assert {kind.status for kind in (WeakPassword, CommonPassword, BreachedPassword)} == {422}
