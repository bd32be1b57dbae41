"""The link "this was not me" of a notice."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.disown.flow import composer
from gatepost.features.disown.routes import router

disown = Feature(name="disown", router=router, mails={MailKind.ACCOUNT_DISOWNED: composer})
