"""A logout at a provider ends the sessions here that stand on it."""

from gatepost.feature import Feature
from gatepost.features.upstream_logout.routes import router

upstream_logout = Feature(name="upstream_logout", needs=("social",), router=router)
