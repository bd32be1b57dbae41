"""Signing up with an e-mail address or a username, and a password."""

from gatepost.feature import Feature
from gatepost.features.signup.routes import router

signup = Feature(name="signup", router=router)
