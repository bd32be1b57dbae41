"""Choosing a new password by a proof of the mailbox."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.password_reset.flow import composer
from gatepost.features.password_reset.routes import router

password_reset = Feature(name="password_reset", router=router, mails={MailKind.RESET_PASSWORD: composer})
