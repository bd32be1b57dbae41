"""Signing in with others: who a user is there, what is under way, which sessions came of it, what a provider gave."""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table, Text, UniqueConstraint, Uuid

from gatepost.storage.schema.metadata import metadata
from gatepost.storage.schema.people import user
from gatepost.storage.schema.sessions import session

# Who a user is at somebody else's: (issuer, subject), never an address. `subject` is the issuer's own id of the
# account.
identity = Table(
    "gatepost_identity",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("issuer", String(255), nullable=False),
    Column("subject", String(320), nullable=False),
    Column("provider", String(64)),  # its name in the settings, as it was used last; None after an import
    Column("email", String(320)),  # what the provider said last; for display alone
    Column("name", String(200)),  # likewise
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    UniqueConstraint("issuer", "subject", name="uq_gatepost_identity_subject"),
)

# One authorization request. No secret stands here: state, nonce, code verifier, the browser's cookie and the code for
# an application are computed from the id, each under the key of its own purpose.
federation = Table(
    "gatepost_federation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # session, app, link
    Column("return_to", Text),  # where a browser goes on
    Column("error_to", Text),
    Column("redirect_uri", Text),  # of an application, with its own state and code challenge
    Column("client_state", Text),
    Column("code_challenge", String(64)),
    Column("scope", Text),
    Column("max_age", BigInteger),  # seconds, which the sign-in there may be old
    Column("user_id", Uuid, ForeignKey(user.c.id, ondelete="CASCADE"), index=True),  # who links; later, who signed in
    Column("session_id", Uuid),  # the session that began a link; later, the one that the code opened
    Column("identity_id", Uuid),
    Column("epoch", BigInteger),
    Column("upstream_sid", String(255)),
    Column("parked", LargeBinary),  # sealed: what a form_post carried
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
    Column("consumed_at", BigInteger),  # the callback came
    Column("redeemed_at", BigInteger),  # the application exchanged its code
)

# Which session was opened with which identity, and the session there that it stands on: what a logout there ends here.
identity_session = Table(
    "gatepost_identity_session",
    metadata,
    Column("session_id", Uuid, ForeignKey(session.c.id, ondelete="CASCADE"), primary_key=True),
    Column("identity_id", Uuid, ForeignKey(identity.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("upstream_sid", String(255), index=True),
)

# Only where a provider's tokens are kept. `sealed` holds all of them.
provider_token = Table(
    "gatepost_provider_token",
    metadata,
    Column("identity_id", Uuid, ForeignKey(identity.c.id, ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("leased_until", BigInteger, nullable=False),
)

# Logout tokens that were taken: each once, and a sign-in that a logout has overtaken opens nothing.
upstream_logout = Table(
    "gatepost_upstream_logout",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("jti", String(255), primary_key=True),
    Column("subject", String(320), index=True),
    Column("upstream_sid", String(255), index=True),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
