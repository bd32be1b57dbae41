"""The admin API: users, invitations, impersonation, and the first administrator."""

from gatepost.core.outbox import MailKind
from gatepost.feature import Feature
from gatepost.features.admin.invitations import composer
from gatepost.features.admin.routes import router
from gatepost.features.admin.setup import greeting

admin = Feature(
    name="admin",
    needs=("login",),
    router=router,
    mails={MailKind.INVITATION: composer},
    greetings=(greeting,),
)
