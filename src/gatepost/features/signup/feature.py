"""Signing up with an e-mail address or a username, and a password."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.signup.flow import composer
from gatepost.features.signup.routes import router

signup = Feature(name="signup", router=router, mails={MailKind.ALREADY_REGISTERED: composer})
