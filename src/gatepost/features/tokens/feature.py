"""The OAuth 2.0 endpoints: token, revocation, introspection, and the public keys."""

from gatepost.feature import Feature
from gatepost.features.tokens.routes import router

tokens = Feature(name="tokens", router=router)
