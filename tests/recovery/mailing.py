"""What was mailed, as a person reads it: the link of a page, the code, who got it."""

import re
from collections.abc import Sequence

from sqlalchemy import select

from gatepost.core.outbox import Mail
from gatepost.core.outbox.worker import OutboxWorker
from gatepost.core.runtime import Core
from gatepost.storage.schema import outbox
from gatepost.storage.statement import Statement
from tests.harness import Running, eventually

_any_left = Statement(select(outbox.c.id).limit(1))
_LINK = re.compile(r"(\S+)/([a-z-]+)#token=(gpp_[\w-]+)")
_CODE = re.compile(r"(?<![\w-])[0-9]{6}(?![\w-])")


async def delivered(it: Running) -> Sequence[Mail]:
    """Send all that is due, and return every mail so far."""
    core: Core = it.core
    worker = OutboxWorker(core.database, core.keys, core.desk, it.mails)

    async def is_empty() -> bool:
        await worker.send_one()
        return not await core.database.hot.read(_any_left)

    await eventually(is_empty, within=10)
    return it.mails.sent


def token_in(mail: Mail, page: str) -> str | None:
    """Return the token of the link to a page."""
    found = [token for _, name, token in _LINK.findall(mail.body) if name == page]
    return found[0] if found else None


def link_in(mail: Mail) -> str:
    """Return what stands before the name of the page in a mail's link."""
    return str(_LINK.findall(mail.body)[0][0])


async def tokens(it: Running, page: str, to: str | None = None) -> list[str]:
    """Return the tokens of all links to a page, oldest first."""
    mails = [mail for mail in await delivered(it) if to is None or mail.recipient == to]
    found = [token_in(mail, page) for mail in sorted(mails, key=lambda mail: mail.message_id)]
    return [token for token in found if token is not None]


async def token(it: Running, page: str, to: str | None = None) -> str:
    """Return the token of the newest link to a page."""
    return (await tokens(it, page, to))[-1]


async def code(it: Running, to: str) -> str:
    """Return the newest code that was mailed to an address."""
    mails = [mail for mail in await delivered(it) if mail.recipient == to]
    found = [_CODE.findall(mail.body) for mail in sorted(mails, key=lambda mail: mail.message_id)]
    return str([codes[0] for codes in found if codes][-1])
