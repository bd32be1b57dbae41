"""What a user sees of themselves, may change, and may delete."""

from gatepost.feature import Feature
from gatepost.features.profile.routes import router

profile = Feature(name="profile", router=router)
