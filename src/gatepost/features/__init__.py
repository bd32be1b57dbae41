"""The features that come with Gatepost: one folder each, one line each, none imports another."""

from gatepost.feature import Feature
from gatepost.features.dev_mailbox.feature import dev_mailbox
from gatepost.features.login.feature import login
from gatepost.features.password.feature import password
from gatepost.features.profile.feature import profile
from gatepost.features.sessions.feature import sessions
from gatepost.features.signup.feature import signup
from gatepost.features.tokens.feature import tokens

DEFAULT: tuple[Feature, ...] = (signup, login, tokens, profile, sessions, password, dev_mailbox)
