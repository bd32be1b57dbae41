"""Mailers that mail nobody: one drops, one prints, one keeps mails in a table that the development mailbox reads."""

import sys
from collections.abc import Sequence

from sqlalchemy import BigInteger, String, Uuid, bindparam, delete, insert, select

from gatepost.core.outbox.domain import Mail
from gatepost.kernel.ids import uuid7
from gatepost.storage.database import Database
from gatepost.storage.schema import dev_mail
from gatepost.storage.statement import Row, Statement, store_now_ms

KEPT = 100
_insert = Statement(
    insert(dev_mail).values(
        id=bindparam("mail_id", type_=Uuid),
        recipient=bindparam("recipient", type_=String),
        subject=bindparam("mail_subject", type_=String),
        body=bindparam("body", type_=String),
        html=bindparam("html", type_=String),
        sent_at=store_now_ms(),
    )
)
_newest = Statement(
    select(
        dev_mail.c.id, dev_mail.c.recipient, dev_mail.c.subject, dev_mail.c.body, dev_mail.c.sent_at, dev_mail.c.html
    )
    .order_by(dev_mail.c.id.desc())
    .limit(bindparam("page_size", type_=BigInteger))
)

_older = Statement(
    delete(dev_mail)
    .where(dev_mail.c.id.not_in(select(dev_mail.c.id).order_by(dev_mail.c.id.desc()).limit(KEPT)))
    .returning(dev_mail.c.id)
)


class NoMailer:
    """Drops every mail: of an application that mails nobody, and says so."""

    async def send(self, mail: Mail) -> None:
        """Drop a mail."""
        del mail


class ConsoleMailer:
    """Prints every mail, and with it links that open accounts: production refuses it."""

    async def send(self, mail: Mail) -> None:
        """Print a mail to standard error."""
        sys.stderr.write(f"\n--- mail to {mail.recipient}: {mail.subject}\n{mail.body}---\n")


class DevMailbox:
    """Keeps every mail for `GET {prefix}/dev/mailbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, mail: Mail) -> None:
        """Keep a mail."""
        mail_id = uuid7(self._database.clock.now_ms())
        values = {
            "mail_id": mail_id,
            "recipient": mail.recipient,
            "mail_subject": mail.subject,
            "body": mail.body,
            "html": mail.html,
        }
        await self._database.hot.run((_insert, values))


async def newest_mails(database: Database, size: int = KEPT) -> Sequence[Row]:
    """Read the newest mails: id, recipient, subject, body, sent at, HTML."""
    return await database.hot.read(_newest, {"page_size": size})


async def prune_mailbox(database: Database) -> int:
    """Delete every mail but the newest; return how many."""
    return len((await database.hot.run((_older, {})))[0])


__all__ = ["ConsoleMailer", "DevMailbox", "NoMailer", "newest_mails", "prune_mailbox"]
