"""The admin API: users, invitations, impersonation, and the first administrator."""

from gatepost.feature import Feature
from gatepost.features.admin.routes import router

admin = Feature(name="admin", router=router, needs=("login",))
