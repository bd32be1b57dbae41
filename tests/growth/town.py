"""A town that lives for a month on a clock that is moved: what its people do in half a day.

What is done depends on the shift within five days and on nothing else, and whoever comes leaves five days later, so
that after the first days the town is as large as ever and busy as ever.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from gatepost.core.imports.domain import ImportedUser
from gatepost.core.imports.flow import Importer
from gatepost.core.outbox import Mail
from gatepost.core.outbox.senders import DevMailbox
from gatepost.core.outbox.worker import OutboxWorker
from gatepost.core.runtime import maintain
from gatepost.core.webhooks.delivery import Delivery
from gatepost.kernel.tasks import end_tasks
from tests.admin.people import ADMIN, Admin, made
from tests.harness import PASSWORD, Running, bearer

SHIFT_S, SHIFTS_A_DAY, PERIOD = 12 * 3600, 2, 10
RESIDENTS = 5
DEAD = "dead.example.com"  # its server takes no mail
NEW = "an entirely new phrase"
_TOKEN = re.compile(r"/([a-z-]+)#token=(gpp_[\w-]+)")


class Post:
    """Keeps mails as the development mailbox does, and for the people to read in this shift."""

    def __init__(self, it: Running) -> None:
        self.read: list[Mail] = []
        self._mailbox = DevMailbox(it.core.database)

    async def send(self, mail: Mail) -> None:
        if mail.recipient.endswith(DEAD):
            raise ConnectionRefusedError
        await self._mailbox.send(mail)
        self.read.append(mail)

    def token(self, page: str, to: str) -> str:
        """Return the newest token of a page that was mailed to somebody."""
        mails = [mail for mail in self.read if mail.recipient == to]
        return str([token for mail in mails for name, token in _TOKEN.findall(mail.body) if name == page][-1])


@dataclass
class Resident:
    """Somebody who stays: always on the same device, at the same address."""

    number: int
    browser: httpx2.AsyncClient
    email: str
    password: str = PASSWORD

    @property
    def home(self) -> dict[str, str]:
        return {"X-Forwarded-For": f"192.0.2.{self.number + 1}", "User-Agent": f"device {self.number}"}


@dataclass
class Town:
    """A running Gatepost whose background work is done by hand, once a shift."""

    it: Running
    post: Post
    worker: OutboxWorker
    delivery: Delivery
    admin: Admin
    residents: list[Resident] = field(default_factory=list)
    shift: int = 0

    @property
    def hour(self) -> int:
        """Which shift of the period it is."""
        return self.shift % PERIOD

    async def work(self) -> None:
        """Do what servers do beside requests, until nothing is left that could be done now."""
        core = self.it.core
        while await core.trail.sealer.seal_some():
            pass
        while await self.worker.send_one():
            pass
        while await core.webhooks.deliver_one(self.delivery):
            pass
        await maintain(core)
        while await core.trail.sealer.seal_some():
            pass

    async def live(self, shifts: int) -> None:
        """Live for some shifts."""
        for _ in range(shifts):
            self.post.read.clear()
            await self.administer(self.residents[4])
            await self.come_and_go()
            await self.stay(self.residents[self.shift % RESIDENTS])
            await self.forget(self.residents[(self.shift + 1) % RESIDENTS])
            await self.travel(self.residents[0])
            await self.program(self.residents[2])
            await self.attack(self.residents[3])
            self.it.clock.advance(SHIFT_S)
            self.shift += 1
            await self.work()

    async def post_(self, path: str, status: int, home: dict[str, str] | None = None, **body: Any) -> Any:  # noqa: ANN401 - JSON
        """Post what must be answered with a status."""
        answer = await self.it.client.post(f"/auth{path}", json=body, headers=home or {})
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def mailed(self, page: str, to: str) -> str:
        while await self.worker.send_one():
            pass
        return self.post.token(page, to)

    async def come_and_go(self) -> None:
        """One signs up, one is invited, one is imported; those of five days ago are deleted."""
        it, number = self.it, self.shift
        host = DEAD if number % 5 == 0 else "example.com"
        email, guest = f"new{number}@{host}", f"guest{number}@example.com"
        home = {"X-Forwarded-For": f"203.0.113.{self.hour}"}
        await self.post_("/register", 201, home, email=email, password=PASSWORD)
        if host != DEAD and number % 2:
            await self.post_("/email/verify", 204, token=await self.mailed("verify-email", email))
        for _ in range(2):  # signs in, and is never seen again
            form = {"grant_type": "password", "username": email, "password": PASSWORD}
            assert (await it.client.post("/auth/token", data=form, headers=home)).status_code == 200
        await self.admin.does("POST", "/users", json={"email": guest, "roles": ["editor"]})
        if number % 2:
            await self.post_("/invitation", 204, token=await self.mailed("invitation", guest), new_password=PASSWORD)
        values: dict[str, Any] = dict.fromkeys(("username", "full_name", "password_hash", "created_at", "locale"))
        moved = ImportedUser(
            foreign_id=str(number),
            email=f"moved{number}@example.com",
            email_verified=True,
            is_disabled=False,
            roles=frozenset({"editor"}),
            **values,
        )
        await Importer(it.core.database, "elsewhere", admin_role="admin").write([moved])
        for name in ("new", "guest", "moved"):
            for user in (await self.admin.does("GET", f"/users?q={name}{number - PERIOD}@"))["items"]:
                await self.admin.does("DELETE", f"/users/{user['id']}")

    async def stay(self, who: Resident) -> None:
        """Signs in with a browser and with a program; sessions are refreshed, stolen, ended and left behind."""
        it, body = self.it, {"identifier": who.email, "password": who.password}
        for _ in range(2):
            assert (await who.browser.post("/auth/login", json=body, headers=who.home)).status_code == 200
            assert (await who.browser.get("/principal")).status_code == 200
        tokens = [await it.signed_in(who.email, who.password) for _ in range(4)]
        stolen, left, ended, every = (one["refresh_token"] for one in tokens)
        for _ in range(2):
            left = (await it.refresh(left)).json()["refresh_token"]
        assert (await it.refresh(stolen)).status_code == 200
        it.clock.advance(30)
        assert (await it.refresh(stolen)).status_code == 400
        assert (await it.logout(tokens[2]["access_token"])).status_code == 204
        assert (await it.refresh(ended)).status_code == 400
        assert (await it.user(tokens[3]["access_token"])).status_code == 200
        assert (await it.client.get("/writers", headers=bearer(tokens[3]["access_token"]))).status_code == 403
        if self.hour % 4 == 0:
            everywhere = await it.client.delete("/auth/sessions", headers=bearer(tokens[3]["access_token"]))
            assert everywhere.status_code == 204, everywhere.text
        assert (await it.refresh(every)).status_code == 200

    async def forget(self, who: Resident) -> None:
        """Resets that are used and never used; a changed address; a mail that signs in; "this was not me"."""
        nobody = f"nobody{self.shift}@example.com"
        await self.post_("/password/forgot", 202, email=nobody)
        await self.post_("/password/forgot", 202, email=who.email)
        if self.hour % 3 == 0:
            who.password = NEW if who.password == PASSWORD else PASSWORD
            token = await self.mailed("reset-password", who.email)
            await self.post_("/password/reset", 204, token=token, new_password=who.password)
        flow = (await self.post_("/login/email/send", 202, who.home, email=who.email))["flow"]
        if self.hour % 2:
            token = await self.mailed("sign-in", who.email)
            await self.post_("/login/email", 200, who.home, token=token, flow=flow, response="tokens")
        caller = bearer((await self.it.signed_in(who.email, who.password))["access_token"])
        new = f"resident{who.number}-{self.shift}@example.com"
        await self.post_("/email/change", 202, caller, new_email=new)
        if self.hour % 5 == 0:
            await self.post_("/email/change/confirm", 204, token=await self.mailed("confirm-email", new))
            who.email = new
        if self.hour == PERIOD - 1:
            await self.post_("/api-keys", 201, caller, name="of a thief")
            token = await self.mailed("not-me", who.email)
            await self.post_("/disown", 204, token=token)
            token = await self.mailed("reset-password", who.email)
            await self.post_("/password/reset", 204, token=token, new_password=who.password)

    async def travel(self, who: Resident) -> None:
        """Signs in on six devices that nobody has seen before."""
        for number in range(6):
            home = {"X-Forwarded-For": f"198.51.100.{number}", "User-Agent": f"device {self.shift} {number}"}
            async with self.it.browser() as browser:
                body = {"identifier": who.email, "password": who.password}
                assert (await browser.post("/auth/login", json=body, headers=home)).status_code == 200

    async def program(self, who: Resident) -> None:
        """Keys that expire, and keys that are revoked; both were used."""
        caller = bearer((await self.it.signed_in(who.email, who.password))["access_token"])
        for wanted in ({"expires_in": 3600}, {}):
            key = await self.post_("/api-keys", 201, caller, name="a program", **wanted)
            assert (await self.it.principal(key["key"])).status_code == 200
            if not wanted:
                revoked = await self.it.client.delete(f"/auth/api-keys/{key['id']}", headers=caller)
                assert revoked.status_code == 204

    async def attack(self, who: Resident) -> None:
        """Guesses passwords of people that there are and are not, until that is locked; and tokens."""
        for number in range(3):
            home = {"X-Forwarded-For": f"198.18.{self.shift}.{number}"}
            await self.post_("/login", 401, home, identifier=f"nobody{self.shift}{number}", password="wrong")
            await self.post_("/password/reset", 400, home, token="gpp_nothing", new_password=NEW)
        home, answers = {"X-Forwarded-For": f"198.18.{self.shift}.9"}, []
        for _ in range(9):
            body = {"identifier": who.email, "password": "wrong"}
            answers.append((await self.it.client.post("/auth/login", json=body, headers=home)).status_code)
        assert answers == [401] * 8 + [429]

    async def administer(self, who: Resident) -> None:
        """Roles that are made, given, taken and deleted; users disabled and enabled; a user acted for; new keys."""
        does, role, now = self.admin.does, f"role{self.shift}", {"immediately": self.hour == 0}
        await self.open_office()
        found = await does("GET", f"/users?q={who.email}")
        user = f"/users/{found['items'][0]['id']}"
        await does("PUT", f"/roles/{role}", json={"permissions": ["todo:write"]})
        await does("PUT", f"{user}/roles/{role}")
        if self.hour % 2:
            await does("DELETE", f"{user}/roles/{role}")
        await does("DELETE", f"/roles/{role}")
        await does("POST", f"{user}/impersonate", json={"reason": "a question"})
        if self.hour % 3 == 0:
            await does("POST", f"{user}/disable")
            await does("POST", f"{user}/enable")
            await does("DELETE", f"{user}/sessions")
            await does("DELETE", f"{user}/budgets")
            await does("POST", "/keys/rotate", json=now)
            await self.open_office()

    async def open_office(self) -> None:
        """The administrator signs in; a key that leaked takes everybody's token with it."""
        self.admin.headers = bearer((await self.it.signed_in(ADMIN))["access_token"])


@asynccontextmanager
async def founded(it: Running) -> AsyncIterator[Town]:
    """Let people move in, and take the background work into one's own hands."""
    core, post = it.core, Post(it)
    await end_tasks(core.tasks)
    admin = Admin(it, await made(it, ADMIN, "admin"), "")
    delivery = Delivery(core.webhooks.policy)
    town = Town(it, post, OutboxWorker(core.database, core.keys, core.desk, post), delivery, admin)
    for number in range(RESIDENTS):
        email = f"resident{number}-@example.com"
        await made(it, email, email_verified=True)
        town.residents.append(Resident(number, it.browser(), email))
    try:
        yield town
    finally:
        await delivery.close()
        for who in town.residents:
            await who.browser.aclose()
