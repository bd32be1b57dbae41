"""The pages that links of mails lead to, where the application has none of its own."""

from gatepost.feature import Feature
from gatepost.features.pages.routes import router

pages = Feature(name="pages", router=router)
