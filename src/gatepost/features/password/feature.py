"""Changing one's password."""

from gatepost.feature import Feature
from gatepost.features.password.routes import router

password = Feature(name="password", router=router, needs=("login",))
