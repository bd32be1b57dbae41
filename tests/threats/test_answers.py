"""What our answers and logs give away: one shape for errors, no secret in any of them, nothing kept by a cache."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatepost import Settings
from tests.threats.lab import CLIENT_SECRET, COOKIE, SECRET, Lab, basic, bearer, cookie, running, settings
from tests.threats.wire import FORM, JSON, Answer, form

pytestmark = pytest.mark.anyio
# Everything that a client may send or get in these flows and that nobody else may see.
FIRST, SECOND, WRONG = "visible-horse-battery-1", "visible-horse-battery-2", "visible-horse-battery-3"
FORBIDDEN_MEMBERS = ("hash", "secret", "salt", "password", "epoch", "disabled", "private", "sealed")


class Walk:
    """Sends requests and keeps every answer, with the secrets that were seen on the way."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.answers: list[tuple[str, str, Answer]] = []
        self.secrets = [FIRST, SECOND, WRONG, SECRET, CLIENT_SECRET]

    async def ask(self, method: str, path: str, *headers: tuple[str, str], **body: str) -> Answer:
        """Send JSON, or a form to an OAuth endpoint."""
        is_form = path in {"/auth/token", "/auth/revoke", "/auth/introspect"}
        raw = b"" if not body else form(**body) if is_form else json.dumps(body).encode()
        answer = await self.lab.send(method, path, headers=[FORM if is_form else JSON, *headers], body=raw)
        self.answers.append((method, path, answer))
        self.secrets += [
            value for line in answer.every("set-cookie") if (value := line.split(";")[0].partition("=")[2])
        ]
        if answer.header("content-type") == "application/json":
            members = answer.json()
            self.secrets += [members[name] for name in ("access_token", "refresh_token") if name in members]
        return answer

    async def everything(self) -> None:
        """Go through every route, with success and with each refusal."""
        email = "walker@example.com"
        for password in ("short", FIRST, FIRST):
            await self.ask("POST", "/auth/register", email=email, password=password)
        grant, login = [
            (
                await self.ask("POST", "/auth/token", grant_type="password", username=email, password=password),
                await self.ask("POST", "/auth/login", identifier=email, password=password),
            )
            for password in (WRONG, FIRST)
        ][-1]
        access, refresh, value = grant.json()["access_token"], grant.json()["refresh_token"], login.cookie(COOKIE)
        for sent in (bearer(access), cookie(str(value)), bearer(refresh), cookie(access), bearer(access[:-3])):
            for method, path in (("GET", "/auth/me"), ("GET", "/auth/sessions"), ("DELETE", "/auth/sessions/x")):
                await self.ask(method, path, sent)
        rotated = await self.ask("POST", "/auth/token", grant_type="refresh_token", refresh_token=refresh)
        await self.ask("POST", "/auth/token", grant_type="refresh_token", refresh_token=refresh + "x")
        await self.ask("POST", "/auth/token", grant_type=FIRST, username=email, password=FIRST)
        for token in (access, rotated.json()["refresh_token"], "gpr_" + WRONG):
            await self.ask("POST", "/auth/introspect", basic("api", CLIENT_SECRET), token=token)
            await self.ask("POST", "/auth/introspect", basic("api", WRONG), token=token)
        await self.ask("PATCH", "/auth/me", bearer(access), full_name="Walker", password=WRONG)
        await self.ask("PATCH", "/auth/me", bearer(access), full_name="Walker")
        mine = cookie(str(value))
        for current in (WRONG, FIRST):
            body = {"current_password": current, "new_password": SECOND}
            changed = await self.ask("POST", "/auth/password/change", mine, **body)
            mine = cookie(changed.cookie(COOKIE) or str(value))
        await self.ask("POST", "/auth/revoke", token=rotated.json()["refresh_token"])
        await self.ask("POST", "/auth/login", ("origin", "https://evil.example"), identifier=email, password=SECOND)
        await self.ask("GET", "/auth/.well-known/jwks.json")
        await self.ask("DELETE", "/auth/sessions", mine)
        await self.ask("POST", "/auth/logout", mine)
        again = await self.ask("POST", "/auth/login", identifier=email, password=SECOND)
        await self.ask("DELETE", "/auth/me", cookie(str(again.cookie(COOKIE))))


@pytest.fixture(scope="module")
async def walk(lab: Lab) -> Walk:
    """The whole tour, once."""
    found = Walk(lab)
    await found.everything()
    statuses = {answer.status for _, _, answer in found.answers}
    assert statuses >= {200, 201, 204, 400, 401, 403, 409, 422}
    return found


async def test_every_refusal_has_a_stable_code_in_the_shape_of_its_endpoint(walk: Walk) -> None:
    for method, path, answer in walk.answers:
        if answer.status < 400:
            continue
        content = answer.json()
        if path in {"/auth/token", "/auth/revoke", "/auth/introspect"}:
            assert set(content) == {"error", "error_description"}, (method, path)
            assert answer.header("content-type") == "application/json"
        else:
            assert {"type", "title", "status", "code", "detail"} <= set(content), (method, path)
            assert content["status"] == answer.status
            assert content["type"] == f"/problems/{content['code']}"
            assert content["code"].count(".") == 1
            assert answer.header("content-type") == "application/problem+json"


async def test_no_answer_of_ours_stays_in_a_cache(walk: Walk) -> None:
    for method, path, answer in walk.answers:
        expected = "public, max-age=300" if path.endswith("jwks.json") else "no-store"
        assert answer.header("cache-control") == expected, (method, path)


async def test_no_error_repeats_a_secret_that_was_sent(walk: Walk) -> None:
    for method, path, answer in walk.answers:
        if answer.status >= 400:
            text = answer.body.decode() + str(answer.headers)
            assert not [secret for secret in walk.secrets if len(secret) > 6 and secret in text], (method, path)


def _members(content: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    if isinstance(content, dict):
        for name, value in content.items():
            yield name
            yield from _members(value)
    elif isinstance(content, list):
        for value in content:
            yield from _members(value)


async def test_no_answer_has_a_member_that_names_a_secret(walk: Walk) -> None:
    for method, path, answer in walk.answers:
        if answer.body:
            names = [name for name in _members(answer.json()) for word in FORBIDDEN_MEMBERS if word in name.lower()]
            assert names == [], (method, path)
            assert "$argon2" not in answer.body.decode()


async def test_a_whole_tour_logs_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path) as own:
        tour = Walk(own)
        await tour.everything()
    captured = capfd.readouterr()
    said = caplog.text + captured.out + captured.err
    assert caplog.records, "the test must see what is logged"
    assert not [secret for secret in tour.secrets if secret and secret != '""' and secret in said]
    assert "walker@example.com" not in said
    assert "$argon2" not in said


async def test_a_host_s_own_routes_keep_the_host_s_errors(lab: Lab) -> None:
    answer = await lab.send("GET", "/host/principal")
    assert (answer.status, answer.json()) == (401, {"detail": "Not authenticated"})
    assert answer.header("www-authenticate") == "Bearer"
    forbidden = await lab.send("GET", "/host/admin", headers=[cookie(await lab.login(await lab.person()))])
    assert (forbidden.status, forbidden.json()) == (403, {"detail": "Not enough permissions"})


async def test_what_is_wrong_with_a_token_is_not_told(lab: Lab) -> None:
    tokens = await lab.token(await lab.person())
    seen = set()
    for token in (
        "x",
        "a.b.c",
        tokens["refresh_token"],
        tokens["access_token"][:-2],
        tokens["access_token"] + "A",
        "." * 9_000,
    ):
        answer = await lab.send("GET", "/auth/me", headers=[bearer(token)])
        seen.add((answer.status, answer.body, tuple(sorted(answer.headers))))
    assert len(seen) == 1


async def test_nothing_that_holds_a_secret_shows_it_in_a_repr(lab: Lab, tmp_path: Path) -> None:
    core = lab.gate.core
    given: Settings = settings(tmp_path, database_url="postgresql://gatepost:pg-password-1@db/gatepost")
    person = await lab.person()
    principal = await lab.gate.authenticate(await lab.login(person))
    holders = (given, given.core_policy(), given.web_policy(), core.keys, core.keyring.signer(), principal)
    shown = " ".join(map(repr, holders))
    for secret in (SECRET, CLIENT_SECRET, "pg-password-1", "mailbox-key"):
        assert secret not in shown
