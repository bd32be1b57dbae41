"""A user's own sessions: the list, the end of one, the end of all others."""

from gatepost.feature import Feature
from gatepost.features.sessions.routes import router

sessions = Feature(name="sessions", router=router, needs=("login",))
