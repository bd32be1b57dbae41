"""The stream of revocations, and what this authorization server says of itself."""

from gatepost.feature import Feature
from gatepost.features.revocations.metadata import well_known
from gatepost.features.revocations.routes import router

revocations = Feature(name="revocations", needs=("tokens",), router=router, at_root=well_known)
