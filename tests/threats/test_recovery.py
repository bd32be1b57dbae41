"""Recovery and verification: a link or code does one thing, once, for one user, and tells nobody who has an account."""

import logging
from typing import Any
from uuid import UUID

import httpx2
import pytest

from gatepost.core.proofs import ProofKind
from gatepost.core.users import NewUser
from gatepost.kernel.ids import uuid7
from tests.harness import EMAIL, PASSWORD, Running, bearer, running
from tests.recovery.mailing import code, delivered, link_in, token
from tests.recovery.work import Work

pytestmark = pytest.mark.anyio
NEW = "another long password"
OTHER = "grace@example.com"
NOBODY = "nobody@example.com"
ENDPOINTS: dict[ProofKind, tuple[str, dict[str, str]]] = {
    ProofKind.VERIFY_EMAIL: ("/auth/email/verify", {}),
    ProofKind.CHANGE_EMAIL: ("/auth/email/change/confirm", {}),
    ProofKind.RESET_PASSWORD: ("/auth/password/reset", {"new_password": NEW}),
    ProofKind.SIGN_IN: ("/auth/login/email", {}),
    ProofKind.DISOWN: ("/auth/disown", {}),
    ProofKind.INVITATION: ("/auth/invitation", {"new_password": NEW}),
}
ASKING = ["/auth/password/forgot", "/auth/email/verify/send"]


async def post(it: Running, path: str, **body: Any) -> httpx2.Response:  # noqa: ANN401 - JSON
    return await it.client.post(path, json=body)


async def issued(it: Running, kind: ProofKind, user_id: UUID, email: str = EMAIL) -> str:
    found = await it.core.proofs.issue(kind, user_id, proof_id=uuid7(it.clock.now_ms()), email=email)
    assert found is not None
    return found.token


def state(it: Running) -> list[tuple[Any, ...]]:
    """Return everything about people that a proof could change."""
    return it.rows(
        "SELECT u.id, u.email, u.email_verified, u.epoch, p.hash FROM gatepost_user u "
        "LEFT JOIN gatepost_password p ON p.user_id = u.id ORDER BY u.id"
    )


async def test_no_header_changes_where_a_mailed_link_leads(sqlite_url: str) -> None:
    async with running(sqlite_url, email_verification="off") as it:
        await it.register()
        evil = "evil.example"
        for headers in (
            {"Host": evil},
            {"X-Forwarded-Host": evil, "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"},
            {
                "Forwarded": f"host={evil};proto=https",
                "X-Original-URL": f"https://{evil}/",
                "Origin": f"https://{evil}",
            },
        ):
            answer = await it.client.post("/auth/password/forgot", json={"email": EMAIL}, headers=headers)
            assert answer.status_code == 202
        mails = await delivered(it)
        assert mails
        assert {link_in(mail) for mail in mails} == {"http://localhost:8000/auth/pages"}
        assert not any(evil in mail.body or evil in (mail.html or "") for mail in mails)


@pytest.mark.parametrize("at", ENDPOINTS)
@pytest.mark.parametrize("kind", ProofKind)
async def test_a_proof_does_only_what_it_is_for(sqlite_url: str, kind: ProofKind, at: ProofKind) -> None:
    if kind is at:
        return  # what it is for is tested where it is made
    async with running(sqlite_url, email_sign_in=True) as it:
        user_id = UUID((await it.register()).json()["id"])
        proof = await issued(it, kind, user_id)
        before = state(it)
        path, more = ENDPOINTS[at]
        answer = await post(it, path, token=proof, **more)
        assert (answer.status_code, answer.json()["code"]) == (400, "proof.refused")
        assert state(it) == before
        assert (await it.core.proofs.look(kind, proof)).user_id == user_id, "and it is not used up"


@pytest.mark.parametrize("at", ENDPOINTS)
async def test_no_other_token_of_ours_is_a_proof_and_no_proof_is_another_token(sqlite_url: str, at: ProofKind) -> None:
    async with running(sqlite_url, email_sign_in=True) as it:
        tokens = await it.enrolled()
        path, more = ENDPOINTS[at]
        cookie = (await it.login()).cookies["gatepost"]
        it.client.cookies.clear()
        for other in (tokens["access_token"][:200], tokens["refresh_token"], cookie):
            assert (await post(it, path, token=other, **more)).status_code == 400
        user_id = UUID(str(it.value("SELECT id FROM gatepost_user")))
        proof = await issued(it, at, user_id)
        assert (await it.principal(proof)).status_code == 401
        assert (await it.refresh(proof)).status_code == 400


@pytest.mark.parametrize("at", ENDPOINTS)
async def test_a_proof_has_one_spelling(sqlite_url: str, at: ProofKind) -> None:
    async with running(sqlite_url, email_sign_in=True) as it:
        user_id = UUID((await it.register()).json()["id"])
        proof = await issued(it, at, user_id)
        path, more = ENDPOINTS[at]
        before = state(it)
        for wrong in (proof[:-1], proof + "A", proof.swapcase(), f" {proof}", f"{proof}=", proof[4:], "", "gpp_"):
            assert (await post(it, path, token=wrong, **more)).status_code == 400, wrong
        assert state(it) == before


@pytest.mark.parametrize("at", ENDPOINTS)
async def test_an_empty_or_half_request_is_never_a_step_further(sqlite_url: str, at: ProofKind) -> None:
    async with running(sqlite_url, email_sign_in=True) as it:
        user_id = UUID((await it.register()).json()["id"])
        await issued(it, at, user_id)
        path, more = ENDPOINTS[at]
        before = state(it)
        for body in ({}, more, {"token": None, **more}, {"token": "", **more}, {"token": [], **more}, {"email": EMAIL}):
            assert 400 <= (await it.client.post(path, json=body)).status_code < 500, body
        for raw in (b"", b"null", b"[]", b'"token"', b"{", b"\xff"):
            answer = await it.client.post(path, content=raw, headers={"Content-Type": "application/json"})
            assert 400 <= answer.status_code < 500, raw
        assert state(it) == before


@pytest.mark.parametrize("body", [{"email": OTHER}, {"email": OTHER, "code": "123456"}, {"user_id": "1"}, {"id": "1"}])
async def test_a_proof_of_one_user_with_the_name_of_another_changes_nobody(
    sqlite_url: str, body: dict[str, str]
) -> None:
    async with running(sqlite_url) as it:
        user_id = UUID((await it.register()).json()["id"])
        await it.register(OTHER)
        proof = await issued(it, ProofKind.RESET_PASSWORD, user_id)
        before = state(it)
        answer = await post(it, "/auth/password/reset", token=proof, new_password=NEW, **body)
        assert answer.status_code == 422
        assert state(it) == before


async def test_the_code_of_one_user_is_not_good_for_another(sqlite_url: str) -> None:
    async with running(sqlite_url, email_proof="code", email_verification="off") as it:
        for address in (EMAIL, OTHER):
            await it.register(address)
            await post(it, "/auth/password/forgot", email=address)
        digits = await code(it, EMAIL)
        before = state(it)
        answer = await post(it, "/auth/password/reset", email=OTHER, code=digits, new_password=NEW)
        assert answer.status_code == 400
        assert state(it) == before


async def test_a_reset_link_is_void_after_a_newer_one_a_new_password_or_another_address(sqlite_url: str) -> None:
    async with running(sqlite_url) as it:
        user_id = UUID((await it.register()).json()["id"])

        async def refused(proof: str) -> bool:
            answer = await post(it, "/auth/password/reset", token=proof, new_password="a third long password")
            return answer.status_code == 400

        first = await issued(it, ProofKind.RESET_PASSWORD, user_id)
        second = await issued(it, ProofKind.RESET_PASSWORD, user_id)
        assert await refused(first)
        access = (await it.signed_in())["access_token"]
        change = {"current_password": PASSWORD, "new_password": NEW}
        await it.client.post("/auth/password/change", json=change, headers=bearer(access))
        assert await refused(second)
        third = await issued(it, ProofKind.RESET_PASSWORD, user_id)
        access = (await it.signed_in(EMAIL, NEW))["access_token"]
        await it.client.post("/auth/email/change", json={"new_email": OTHER}, headers=bearer(access))
        confirmed = await post(it, "/auth/email/change/confirm", token=await token(it, "confirm-email", OTHER))
        assert confirmed.status_code == 204
        assert await refused(third)
        assert (await it.login(OTHER, NEW)).status_code == 200


@pytest.mark.parametrize("path", ASKING)
async def test_asking_for_a_mail_tells_nobody_who_has_an_account(
    sqlite_url: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url, email_verification="off") as it:
        people = {"known": EMAIL, "disabled": "d@example.com", "verified": "v@example.com"}
        for address in people.values():
            await it.gate.create_user(email=address, password=PASSWORD, email_verified=address == people["verified"])
        disabled = await it.core.users.find(people["disabled"])
        assert disabled is not None
        await it.core.users.disable(disabled.id)
        await it.core.users.create(NewUser(email="none@example.com"))  # nobody has set a password
        await delivered(it)
        work = Work(it, monkeypatch)
        seen = []
        for address in (*people.values(), "none@example.com", NOBODY):
            answer = await post(it, path, email=address)
            headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
            seen.append((answer.status_code, answer.content, headers, work.of()))
        assert all(one == seen[0] for one in seen)
        assert seen[0][:2] == (202, b"")
        assert any("bytes" in statement for statement in seen[0][3]), "the work was seen"


@pytest.mark.parametrize(("path", "action"), [(ASKING[0], "password_reset"), (ASKING[1], "email_verification")])
async def test_a_recipient_is_mailed_so_often_whether_or_not_there_is_one(
    sqlite_url: str, path: str, action: str
) -> None:
    async with running(sqlite_url, email_verification="off", budgets={f"{action}.subject": "2/3600"}) as it:
        await it.register()
        for address in (EMAIL, NOBODY):
            statuses = [(await post(it, path, email=address)).status_code for _ in range(4)]
            assert statuses == [202, 202, 429, 429]


async def test_guessing_a_code_tells_nobody_who_has_an_account(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(sqlite_url, email_proof="code", email_verification="off") as it:
        await it.register()
        await post(it, "/auth/password/forgot", email=EMAIL)
        await delivered(it)
        work = Work(it, monkeypatch)
        seen = []
        for address in (EMAIL, NOBODY):
            answer = await post(it, "/auth/password/reset", email=address, code="no such", new_password=NEW)
            seen.append((answer.status_code, answer.content, work.of()))
        assert seen[0] == seen[1]
        assert seen[0][0] == 400


async def test_guesses_at_codes_have_a_budget_of_the_address_that_is_guessed_at(sqlite_url: str) -> None:
    async with running(sqlite_url, email_proof="code", budgets={"proof.subject": "3/3600"}) as it:
        await it.register()
        for address in (EMAIL, NOBODY):
            body = {"email": address, "code": "000000", "new_password": NEW}
            statuses = [(await post(it, "/auth/password/reset", **body)).status_code for _ in range(5)]
            assert statuses == [400, 400, 400, 429, 429]


@pytest.mark.parametrize(
    "forged",
    [
        {"email_verified": True},
        {"email": OTHER},
        {"roles": ["admin"]},
        {"is_superuser": True},
        {"id": "00000000-0000-7000-8000-000000000000"},
        {"epoch": 0},
        {"full_name": "Ada", "email_verified": True},
    ],
)
async def test_nobody_verifies_or_promotes_themselves_by_what_they_write_about_themselves(
    sqlite_url: str, forged: dict[str, Any]
) -> None:
    async with running(sqlite_url) as it:
        access = (await it.enrolled())["access_token"]
        before = (await it.client.get("/auth/me", headers=bearer(access))).json()
        answer = await it.client.patch("/auth/me", json=forged, headers=bearer(access))
        assert answer.status_code == 422
        assert (await it.client.get("/auth/me", headers=bearer(access))).json() == before


@pytest.mark.parametrize("proof", ["link", "code"])
async def test_no_answer_and_no_log_holds_what_was_mailed(
    sqlite_url: str, caplog: pytest.LogCaptureFixture, proof: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(sqlite_url, email_proof=proof) as it:
        answers = [await it.register()]
        access = (await it.signed_in())["access_token"]
        answers += [await post(it, path, email=EMAIL) for path in ASKING]
        answers.append(await it.client.post("/auth/email/change", json={"new_email": OTHER}, headers=bearer(access)))
        words = " ".join(mail.body for mail in await delivered(it)).split()
        secrets = {word.rsplit("#token=", 1)[-1] for word in words if "#token=" in word}
        secrets |= {word for word in words if len(word) == 6 and word.isdigit()}
        assert len(secrets) >= 3
        for secret in secrets:
            body = {"token": secret} if secret.startswith("gpp_") else {"email": EMAIL, "code": secret}
            answers.append(await post(it, "/auth/email/verify", **body))
        shown = "".join(answer.text + str(answer.headers) for answer in answers) + caplog.text
        assert [secret for secret in secrets if secret in shown] == []
