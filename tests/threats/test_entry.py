"""Sign-in by mail: what can be done to it from outside."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gatepost.core.audit import AuditEvent
from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import mint_flow
from gatepost.storage.schema import audit
from gatepost.storage.statement import Statement
from tests.threats.entry import FLOW, Entry, entered
from tests.threats.lab import COOKIE, cookie

pytestmark = pytest.mark.anyio
EVIL = ("origin", "https://evil.example")
_count_refused = Statement(
    select(func.count()).select_from(audit).where(audit.c.event == AuditEvent.PROOF_REFUSED.value)
)


@pytest.fixture(scope="module")
async def entry(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Entry]:
    async with entered(tmp_path_factory.mktemp("entry")) as found:
        yield found


async def test_a_link_that_somebody_else_asked_for_signs_nobody_in(entry: Entry) -> None:
    attacker = await entry.lab.person(email_verified=True)
    flow, link = await entry.asked(attacker)
    own, _ = await entry.asked(await entry.lab.person(email_verified=True))
    for headers, body in (
        ([], {}),
        ([cookie(own, FLOW)], {}),
        ([], {"flow": flow}),
        ([cookie(own, FLOW)], {"flow": flow, "response": "tokens"}),
    ):
        answer = await entry.post("/login/email", *headers, token=link, **body)
        assert (answer.status, answer.code) == (400, "login.other_browser")
        assert answer.every("set-cookie") == []
    assert (await entry.post("/login/email", cookie(flow, FLOW), token=link)).status == 200


async def test_a_made_up_flow_is_none(entry: Entry) -> None:
    person = await entry.lab.person(email_verified=True)
    flow, link = await entry.asked(person)
    keys = PurposeKeys(b"another secret, which is long enough")
    user_id = await entry.id_of(person)
    for value in (
        "",
        flow[:-2],
        flow.swapcase(),
        mint_flow(keys, user_id),
        "gpf_" + link[4:],
        f"{flow}; {FLOW}={flow}",
    ):
        answer = await entry.post("/login/email", cookie(value, FLOW), token=link)
        assert (answer.status, answer.code) == (400, "login.other_browser")


async def test_a_foreign_page_neither_starts_nor_ends_a_sign_in_by_mail(entry: Entry) -> None:
    person = await entry.lab.person(email_verified=True)
    flow, link = await entry.asked(person)
    count = len(await entry.mails())
    for path, headers, body in (
        ("/login/email/send", [EVIL], {"email": person.email}),
        ("/login/email", [EVIL, cookie(flow, FLOW)], {"token": link}),
        ("/login/email", [EVIL], {"token": link, "flow": flow, "response": "tokens"}),
    ):
        answer = await entry.post(path, *headers, **body)
        assert (answer.status, answer.code) == (403, "request.cross_site")
        assert answer.every("set-cookie") == []
    assert len(await entry.mails()) == count


async def test_a_session_that_was_planted_is_dead_after_a_sign_in_by_mail(entry: Entry) -> None:
    attacker, victim = await entry.lab.person(), await entry.lab.person(email_verified=True)
    planted = await entry.lab.login(attacker)
    flow, link = await entry.asked(victim)
    both = ("cookie", f"{COOKIE}={planted}; {FLOW}={flow}")
    answer = await entry.post("/login/email", both, token=link)
    assert answer.status == 200
    opened = answer.cookie(COOKIE)
    assert opened
    assert opened != planted
    assert await entry.lab.status(cookie(planted)) == 401
    assert await entry.lab.status(cookie(opened)) == 200


async def test_a_link_signs_in_once(entry: Entry) -> None:
    flow, link = await entry.asked(await entry.lab.person(email_verified=True))
    first = await entry.post("/login/email", cookie(flow, FLOW), token=link)
    again = await entry.post("/login/email", cookie(flow, FLOW), token=link)
    assert (first.status, again.status, again.code) == (200, 400, "proof.refused")


async def test_a_proof_is_good_at_its_own_place_only(entry: Entry) -> None:
    person = await entry.lab.person(email_verified=True)
    flow, link = await entry.asked(person)
    not_me = await entry.notice(person)
    places: list[tuple[str, dict[str, str]]] = [
        ("/email/verify", {}),
        ("/password/reset", {"new_password": "another horse battery"}),
        ("/disown", {}),
        ("/login/email", {}),
    ]
    own = {link: "/login/email", not_me: "/disown"}
    for token, place in own.items():
        for path, more in places:
            if path != place:
                answer = await entry.post(path, cookie(flow, FLOW), token=token, **more)
                assert (answer.status, answer.code) == (400, "proof.refused"), (path, answer)
    assert (await entry.post("/login/email", cookie(flow, FLOW), token=link)).status == 200
    assert (await entry.post("/disown", token=not_me)).status == 204


async def test_asking_for_a_sign_in_by_mail_tells_nobody_who_has_an_account(entry: Entry) -> None:
    known, disabled = await entry.lab.person(email_verified=True), await entry.lab.person()
    await entry.lab.gate.users.disable(await entry.id_of(disabled))
    await entry.mails()
    count, answers = len(await entry.mails()), []
    for email in (known.email, disabled.email, "nobody@example.com"):
        answer = await entry.post("/login/email/send", email=email)
        shape = re.sub(r"gpf_[\w-]{64}", "gpf_", answer.body.decode() + "".join(answer.every("set-cookie")))
        answers.append((answer.status, [name for name, _ in answer.headers], shape))
        assert "gpp_" not in answer.body.decode()
    assert answers[0] == answers[1] == answers[2]
    core = entry.lab.gate.core
    assert core.database.is_sqlite
    assert len(await entry.mails()) == count + 1


async def test_what_is_wrong_with_a_code_is_not_told(tmp_path: Path) -> None:
    async with entered(tmp_path, email_proof="code") as entry:
        person = await entry.lab.person(email_verified=True)
        flow = (await entry.post("/login/email/send", email=person.email)).cookie(FLOW) or ""
        nobody = (await entry.post("/login/email/send", email="nobody@example.com")).cookie(FLOW) or ""
        body = (await entry.mails())[-1].body
        code = re.findall(r"(?<![\w-])[0-9]{6}(?![\w-])", body)[0]
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        tries = [(flow, person.email, wrong), (nobody, "nobody@example.com", wrong), (nobody, person.email, code)]
        found = [await entry.post("/login/email", cookie(f, FLOW), email=e, code=c) for f, e, c in tries]
        assert {(answer.status, answer.body) for answer in found} == {(400, found[0].body)}
        assert (await entry.post("/login/email", cookie(flow, FLOW), email=person.email, code=code)).status == 200


async def test_a_member_that_nobody_asked_for_is_refused_at_each_step(entry: Entry) -> None:
    person = await entry.lab.person(email_verified=True)
    flow, link = await entry.asked(person)
    other = str(await entry.id_of(await entry.lab.person()))
    steps: list[tuple[str, dict[str, Any]]] = [
        ("/login/email/send", {"email": person.email, "user_id": other}),
        ("/login/email", {"token": link, "user_id": other}),
        ("/login/email", {"token": link, "email": person.email}),
        ("/login/email", {"email": person.email}),
        ("/login/email", {"token": link, "response": "everything"}),
        ("/login/email", {"token": 1}),
        ("/login/email", {}),
        ("/login/email/send", {}),
        ("/login/email/send", {"email": "no address"}),
        ("/disown", {}),
        ("/disown", {"token": link, "user_id": other}),
    ]
    for path, body in steps:
        answer = await entry.post(path, cookie(flow, FLOW), **body)
        assert (answer.status, answer.code) == (422, "request.invalid"), (path, body)
    assert (await entry.post("/login/email", cookie(flow, FLOW), token=link)).status == 200


async def test_a_guesser_of_links_spends_a_budget_and_leaves_a_trail(tmp_path: Path) -> None:
    async with entered(tmp_path, budgets={"proof.address": "5/3600"}) as entry:
        answers = [await entry.post("/login/email", token="gpp_" + "A" * 64) for _ in range(7)]
        assert [answer.status for answer in answers] == [400] * 5 + [429] * 2
        assert (await entry.post("/disown", token="gpp_" + "A" * 64)).status == 429
        rows = await entry.lab.gate.core.database.hot.read(_count_refused)
        assert rows == [(5,)]


async def test_mails_that_sign_in_are_bounded_for_one_mailbox(tmp_path: Path) -> None:
    async with entered(tmp_path, budgets={"sign_in_mail.subject": "4/3600"}) as entry:
        for email in ((await entry.lab.person(email_verified=True)).email, "nobody@example.com"):
            statuses = [(await entry.post("/login/email/send", email=email)).status for _ in range(8)]
            assert statuses == [202] * 3 + [429] * 5  # `sign_in_mail.pair`


async def test_the_cookie_of_a_flow_is_bound_to_the_host_and_hidden_from_scripts(entry: Entry) -> None:
    (line,) = (await entry.post("/login/email/send", email="nobody@example.com")).every("set-cookie")
    name, *attributes = (part.strip().lower() for part in line.split(";"))
    assert name.startswith(f"{FLOW}=gpf_".lower())
    assert set(attributes) == {"httponly", "max-age=600", "path=/", "samesite=lax", "secure"}
