"""Signing in by a link or a code that is mailed, without a password."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.email_sign_in.flow import composer
from gatepost.features.email_sign_in.routes import router

email_sign_in = Feature(name="email_sign_in", router=router, mails={MailKind.SIGN_IN: composer})
