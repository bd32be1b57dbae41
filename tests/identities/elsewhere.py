"""Who comes from a provider, as the core is told of it, without the way there."""

import uuid
from typing import Any

from gatepost.core.audit import Origin
from gatepost.core.federation.policy import ProviderPolicy
from gatepost.core.federation.preset import Account
from gatepost.core.federation.presets import preset
from gatepost.core.federation.redeemed import ProviderTokens, Redeemed
from gatepost.core.login.flow import Wanted
from gatepost.core.sessions.domain import FIRST_PARTY, SessionKind
from gatepost.core.sessions.flow import Opened
from tests.harness import EMAIL, Running

ISSUER = "https://idp.example"
OTHER_ISSUER = "https://other.example"
SUBJECT = "subject-1"
HERE = Origin(ip="192.0.2.7", user_agent="Firefox/140.0")
PROVIDERS: dict[str, Any] = {
    "idp": {"issuer": ISSUER, "client_id": "us", "client_secret": "secret-of-us", "label": "Example"},
    "other": {"issuer": OTHER_ISSUER, "client_id": "us", "client_secret": "secret-of-us"},
}


def policy(**changes: Any) -> ProviderPolicy:  # noqa: ANN401 - of any type
    """Return a provider of the settings."""
    values = {"name": "idp", "preset": preset("oidc"), "issuer": ISSUER, "client_id": "us", "label": "Example"}
    return ProviderPolicy(**{**values, **changes})


def account(**changes: Any) -> Account:  # noqa: ANN401 - of any type
    """Return somebody there whose address the provider runs and has verified."""
    values: dict[str, Any] = {
        "issuer": ISSUER,
        "subject": SUBJECT,
        "email": EMAIL,
        "email_is_verified": True,
        "email_is_authoritative": True,
        "username": "ada",
        "full_name": "Ada Lovelace",
        "locale": "de",
    }
    return Account(**{**values, **changes})


UNVERIFIED: dict[str, Any] = {"email_is_verified": False, "email_is_authoritative": False}
VERIFIED_ONCE: dict[str, Any] = {"email_is_authoritative": False}


def redeemed(
    it: Running,
    who: Account | None = None,
    *,
    provider: ProviderPolicy | None = None,
    tokens: ProviderTokens | None = None,
    sid: str | None = None,
) -> Redeemed:
    """Return somebody who has just come back."""
    return Redeemed(
        provider=provider or policy(),
        account=who or account(),
        tokens=tokens,
        upstream_sid=sid,
        asked_at=it.clock.now_ms(),
    )


def wanted(kind: SessionKind = SessionKind.TOKEN) -> Wanted:
    """Return the session that is asked for."""
    return Wanted(kind=kind, client_id=FIRST_PARTY, scope="", origin=HERE)


async def enter(it: Running, who: Account | None = None, **more: Any) -> Opened:  # noqa: ANN401 - as `redeemed`
    """Sign in with an account there."""
    return await it.core.identities.enter(redeemed(it, who, **more), wanted())


async def access(it: Running, opened: Opened) -> int:
    """Return how the access token of a session is answered."""
    tokens = await it.core.sessions.tokens(opened)
    return (await it.principal(tokens.access_token)).status_code


async def made(it: Running, email: str = EMAIL, *, verified: bool, **more: Any) -> uuid.UUID:  # noqa: ANN401
    """Make a user with a password."""
    user = await it.gate.create_user(email=email, password="correct horse battery", email_verified=verified, **more)
    assert user is not None
    return user.id


def counts(it: Running) -> tuple[int, int, int]:
    """Return how many users, identities and open sessions there are."""
    users, identities, sessions = (
        it.value(f"SELECT count(*) FROM gatepost_{table}")
        for table in ("user", "identity", "session WHERE revoked_at IS NULL")
    )
    return users, identities, sessions


def events(it: Running, prefix: str = "identity.") -> list[str]:
    """Return what the trail says of accounts elsewhere, in order."""
    rows = it.rows(f"SELECT event FROM gatepost_audit WHERE event LIKE '{prefix}%' ORDER BY id")
    return [row[0] for row in rows]
