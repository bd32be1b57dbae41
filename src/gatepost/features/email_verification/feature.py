"""Verifying by mail that an address is the user's own."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.email_verification.flow import composer, listeners
from gatepost.features.email_verification.routes import router

email_verification = Feature(
    name="email_verification", router=router, listeners=listeners, mails={MailKind.VERIFY_EMAIL: composer}
)
