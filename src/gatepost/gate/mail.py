"""Mail, as settings and the host want it: who makes the words, and what sends them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from gatepost.core.outbox import Mailer
from gatepost.core.outbox.rendering import TemplateRenderer
from gatepost.core.outbox.senders import ConsoleMailer, DevMailbox, NoMailer
from gatepost.core.runtime import Core
from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.purpose import Purpose
from gatepost.kernel.tokens import keyed_hash
from gatepost.settings import Settings


def mail_renderer(settings: Settings, folders: Sequence[Path], *, is_serving: bool) -> TemplateRenderer:
    """Return what makes the words of mails; where a host has words of its own, a server has tried every one of them.

    Raises:
        ConfigurationError: a template of the host is broken; the message names the file.
    """
    renderer = TemplateRenderer(settings.name_of_app(), folders=folders, locale=settings.locale)
    if folders and is_serving:
        from gatepost.core.outbox.proofreading import check_templates  # noqa: PLC0415 - most hosts have none

        check_templates(renderer, folders)
    return renderer


def default_mailer(settings: Settings, core: Core) -> Mailer:
    """Return what sends mail where the host gave nothing.

    Raises:
        ConfigurationError: the settings name no way, or one that is not safe here.
    """
    way, clock = settings.mail_way(), core.clock
    if way == "smtp":
        from gatepost.core.outbox.smtp import SmtpMailer  # noqa: PLC0415 - who mails otherwise need not load it

        return SmtpMailer(settings.smtp_policy(), clock)
    if way == "file":
        from gatepost.core.outbox.files import FileMailer  # noqa: PLC0415 - likewise

        return FileMailer(settings.mail_folder, settings.mail_sender(), clock)
    if way == "mailbox":
        return DevMailbox(core.database)
    if way == "console":
        return ConsoleMailer()
    if settings.email_verification == "required":
        msg = "GATEPOST_EMAIL_VERIFICATION=required needs a way to send mail: set GATEPOST_SMTP_URL"
        raise ConfigurationError(msg)
    return NoMailer()


def opened_mailbox(settings: Settings, core: Core) -> str:
    """Return the key of the development mailbox, and say where it is, unless the settings know the key already."""
    if settings.mailbox_key is not None:
        return settings.mailbox_key.get_secret_value()
    key = keyed_hash(core.keys.current(Purpose.MAILBOX), "mailbox")
    url = f"{settings.checked_public_url()}{settings.prefix}/dev/mailbox?key={key}"
    sys.stderr.write(f"Gatepost keeps every mail of this development server at {url}\n")
    return key
