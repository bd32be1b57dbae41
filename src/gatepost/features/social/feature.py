"""Signing in with others: the way to a provider and back, for browsers and for applications."""

from gatepost.feature import Feature
from gatepost.features.social.routes import router

social = Feature(name="social", router=router)
