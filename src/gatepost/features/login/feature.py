"""Signing in and out of a browser session, held by a cookie."""

from gatepost.feature import Feature
from gatepost.features.login.routes import router

login = Feature(name="login", router=router)
