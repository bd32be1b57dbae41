"""Somebody at the door of the house under attack, who reads its mails."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.outbox.domain import Mail
from gatepost.core.outbox.worker import OutboxWorker
from tests.threats.lab import COOKIE, Lab, Person, running
from tests.threats.wire import Answer

_SENDING = OutboxWorker.run.__qualname__
DEVICE, FLOW = f"{COOKIE}-device", f"{COOKIE}-flow"
TOKEN = re.compile(r"#token=(gpp_[\w-]+)")


class Box:
    """A mailer that keeps what it was given."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        self.mails.append(mail)


class Entry:
    """The house, with somebody who reads its mails."""

    def __init__(self, lab: Lab, box: Box) -> None:
        self.lab, self.box = lab, box

    async def post(self, path: str, *headers: tuple[str | bytes, str | bytes], **body: Any) -> Answer:  # noqa: ANN401 - JSON
        return await self.lab.post_json(f"/auth{path}", json.dumps(body).encode(), *headers)

    async def mails(self) -> list[Mail]:
        """Send what is due, and return every mail so far."""
        core = self.lab.gate.core
        worker = OutboxWorker(core.database, core.keys, core.desk, self.box)
        while await worker.send_one():
            pass
        return self.box.mails

    async def asked(self, person: Person) -> tuple[str, str]:
        """Ask for a sign-in by mail; return the browser's flow and the token of the link."""
        answer = await self.post("/login/email/send", email=person.email)
        assert answer.status == 202, answer
        flow = answer.cookie(FLOW)
        assert flow
        return flow, str(TOKEN.findall((await self.mails())[-1].body)[0])

    async def notice(self, person: Person) -> str:
        """Tell a person something, and return the token of "this was not me"."""
        core = self.lab.gate.core
        job = Job(kind=MailKind.PASSWORD_CHANGED, address=person.email, user_id=await self.id_of(person))
        await core.database.hot.run(enqueue_step(core.clock, core.keys, job))
        return str(TOKEN.findall((await self.mails())[-1].body)[-1])

    async def id_of(self, person: Person) -> Any:  # noqa: ANN401 - a UUID
        user = await self.lab.gate.users.find(person.email)
        assert user is not None
        return user.id


async def _stop_sending(lab: Lab) -> None:
    """End the lab's own worker, which would take mails away from the test."""
    (sending,) = [task for task in lab.gate.core.tasks if getattr(task.get_coro(), "__qualname__", "") == _SENDING]
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


@asynccontextmanager
async def entered(folder: Path, **changes: Any) -> AsyncIterator[Entry]:  # noqa: ANN401 - any setting
    """Run a house that offers sign-in by mail; its mails are sent when a test reads them."""
    async with running(folder, **{"email_sign_in": True, "email_verification": "off", **changes}) as lab:
        await _stop_sending(lab)
        yield Entry(lab, Box())
