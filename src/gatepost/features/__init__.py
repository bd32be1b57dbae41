"""The features that come with Gatepost: one folder each, one line each, none imports another."""

from gatepost.feature import Feature
from gatepost.features.admin.feature import admin
from gatepost.features.api_keys.feature import api_keys
from gatepost.features.dev_mailbox.feature import dev_mailbox
from gatepost.features.disown.feature import disown
from gatepost.features.email_change.feature import email_change
from gatepost.features.email_sign_in.feature import email_sign_in
from gatepost.features.email_verification.feature import email_verification
from gatepost.features.identities.feature import identities
from gatepost.features.lockout.feature import lockout
from gatepost.features.login.feature import login
from gatepost.features.pages.feature import pages
from gatepost.features.password.feature import password
from gatepost.features.password_reset.feature import password_reset
from gatepost.features.profile.feature import profile
from gatepost.features.revocations.feature import revocations
from gatepost.features.sessions.feature import sessions
from gatepost.features.signup.feature import signup
from gatepost.features.social.feature import social
from gatepost.features.tokens.feature import tokens
from gatepost.features.upstream_logout.feature import upstream_logout

DEFAULT: tuple[Feature, ...] = (
    signup,
    email_verification,
    email_change,
    login,
    email_sign_in,
    tokens,
    profile,
    sessions,
    social,
    identities,
    upstream_logout,
    revocations,
    api_keys,
    password,
    password_reset,
    pages,
    lockout,
    disown,
    admin,
    dev_mailbox,
)
