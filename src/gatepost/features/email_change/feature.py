"""Moving an account to another address."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.email_change.flow import composer
from gatepost.features.email_change.routes import router

email_change = Feature(name="email_change", router=router, mails={MailKind.CHANGE_EMAIL: composer})
