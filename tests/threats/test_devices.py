"""Known devices and "this was not me": what can be done to them from outside."""

from collections.abc import AsyncIterator

import pytest

from gatepost.kernel.purpose import PurposeKeys
from gatepost.kernel.tokens import mint_device
from tests.threats.entry import DEVICE, FLOW, TOKEN, Entry, entered
from tests.threats.lab import COOKIE, SECRET, cookie
from tests.threats.wire import JSON

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def entry(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Entry]:
    async with entered(tmp_path_factory.mktemp("entry")) as found:
        yield found


async def test_a_device_cookie_is_a_credential_nowhere(entry: Entry) -> None:
    person = await entry.lab.person()
    body = {"identifier": person.email, "password": person.password}
    device = (await entry.post("/login", **body)).cookie(DEVICE) or ""
    assert device.startswith("gpd_")
    for name in (COOKIE, DEVICE, FLOW, f"{COOKIE}-refresh"):
        assert await entry.lab.status(cookie(device, name)) == 401
    assert await entry.lab.status(("authorization", f"Bearer {device}")) == 401
    assert (await entry.post("/disown", token=device)).status == 400
    assert (await entry.lab.refresh(device)).status == 400


async def test_a_device_cookie_of_somebody_else_makes_nobody_known(entry: Entry) -> None:
    attacker, victim = await entry.lab.person(), await entry.lab.person()
    answer = await entry.post("/login", identifier=attacker.email, password=attacker.password)
    device, devices = answer.cookie(DEVICE), entry.lab.gate.core.devices
    assert await devices.device_of(device, await entry.id_of(attacker)) is not None
    assert await devices.device_of(device, await entry.id_of(victim)) is None
    forged = mint_device(PurposeKeys(SECRET[::-1].encode()), await entry.id_of(victim))
    assert await devices.device_of(forged, await entry.id_of(victim)) is None


BAD_DEVICES: dict[str, bytes] = {
    "empty": b"",
    "forged": b"gpd_" + b"A" * 64,
    "huge": b"gpd_" + b"A" * 60_000,
    "not ASCII": b"gpd_\xff\xfe",
    "NUL": b"gpd_\x00",
    "twice": f"x; {DEVICE}=gpd_y".encode(),
}


@pytest.mark.parametrize("value", BAD_DEVICES.values(), ids=BAD_DEVICES.keys())
async def test_a_bad_device_or_flow_cookie_is_none_at_every_route(entry: Entry, value: bytes) -> None:
    for name in (DEVICE, FLOW):
        bad = ("cookie", name.encode() + b"=" + value.replace(DEVICE.encode(), name.encode()))
        for method, path in entry.lab.routes():
            answer = await entry.lab.send(method, path, headers=[JSON, bad], body=b"{}")
            assert answer.status < 500, (method, path, answer)
        person = await entry.lab.person(email_verified=True)
        answer = await entry.post("/login", bad, identifier=person.email, password=person.password)
        assert answer.status == 200
        assert (answer.cookie(DEVICE) or "").startswith("gpd_")
        assert (await entry.post("/login/email/send", bad, email=person.email)).status == 202


async def test_a_sign_in_from_a_new_device_is_told_to_its_user(entry: Entry) -> None:
    person = await entry.lab.person()
    known = (await entry.post("/login", identifier=person.email, password=person.password)).cookie(DEVICE) or ""
    count = len(await entry.mails())
    agent = ("user-agent", "a thief's browser")
    body = {"identifier": person.email, "password": person.password}
    assert (await entry.post("/login", cookie(known, DEVICE), **body)).status == 200
    assert len(await entry.mails()) == count
    assert (await entry.post("/login", agent, **body)).status == 200
    mail = (await entry.mails())[-1]
    assert len(entry.box.mails) == count + 1
    assert mail.recipient == person.email
    assert (await entry.post("/disown", token=TOKEN.findall(mail.body)[0])).status == 204
    assert (await entry.post("/login", **body)).status == 401


async def test_a_link_that_is_only_followed_disowns_nothing(entry: Entry) -> None:
    person = await entry.lab.person()
    link = await entry.notice(person)
    assert (await entry.lab.send("GET", f"/auth/disown?token={link}")).status == 405
    assert (await entry.lab.send("HEAD", "/auth/disown")).status == 405
    assert (await entry.post("/disown", token=link)).status == 204
    assert (await entry.post("/disown", token=link)).status == 400
