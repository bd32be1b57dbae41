"""Accounts elsewhere of the caller: the list, connecting one, disconnecting one."""

from gatepost.feature import Feature
from gatepost.features.identities.flow import listeners
from gatepost.features.identities.routes import router

identities = Feature(name="identities", needs=("social",), router=router, listeners=listeners)
