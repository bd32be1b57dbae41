"""API keys: the list, a new one, the end of one."""

from gatepost.feature import Feature
from gatepost.features.api_keys.routes import router

api_keys = Feature(name="api_keys", router=router, needs=("login",))
