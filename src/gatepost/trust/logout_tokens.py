"""Logout tokens of others (OpenID Connect Back-Channel Logout 1.0, section 2.6): somebody's session is over there."""

from collections.abc import Mapping
from dataclasses import dataclass

from gatepost.crypto.foreign import date_in, require_name, verify_foreign
from gatepost.crypto.jwk import TokenKey
from gatepost.crypto.reading import TokenRefused
from gatepost.trust.id_tokens import BACKCHANNEL_LOGOUT

MAX_AGE_S = 600.0
_TYPES: frozenset[str | None] = frozenset({None, "jwt", "logout+jwt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutToken:
    """What is over: one session there, or every session of somebody there.

    Attributes:
        issuer: who says it.
        subject: of whom; None where only the session is said.
        session_id: `sid`; None where all sessions are meant.
        jti: by which a second one is known; it need not be remembered longer than `expires_at`.
        expires_at: seconds since the Unix epoch, after which it is refused in any case, leeway included.
    """

    issuer: str
    subject: str | None
    session_id: str | None
    jti: str
    expires_at: float


def verify_logout_token(
    token: str,
    keys: Mapping[str, TokenKey],
    *,
    expected_issuer: str,
    expected_client_id: str,
    now: float,
    leeway: float,
) -> LogoutToken:
    """Return what a logout token says.

    Args:
        token: as it was posted.
        keys: of this issuer.
        expected_issuer: exactly this `iss`.
        expected_client_id: whom it is for.
        now: seconds since the Unix epoch.
        leeway: seconds that clocks may differ by.

    Raises:
        TokenRefused: it is not good.
    """
    claims = verify_foreign(
        token,
        keys,
        expected_issuer=expected_issuer,
        expected_audience=expected_client_id,
        expected_types=_TYPES,
        requires_subject=False,
        now=now,
        leeway=leeway,
    ).claims
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(BACKCHANNEL_LOGOUT), dict):
        raise TokenRefused("kind")
    if "nonce" in claims:  # Section 2.4: so that an ID token is none
        raise TokenRefused("kind")
    require_name(claims, "jti")
    if "sid" in claims:
        require_name(claims, "sid")
    elif "sub" not in claims:
        raise TokenRefused("claims")
    # Section 2.4 wants two minutes; what lives longer is let in once and has to be remembered for as long.
    expires_at = min(date_in(claims, "exp"), date_in(claims, "iat") + MAX_AGE_S) + leeway
    if now >= expires_at:
        raise TokenRefused("expired")
    return LogoutToken(
        issuer=expected_issuer,
        subject=claims.get("sub"),
        session_id=claims.get("sid"),
        jti=claims["jti"],
        expires_at=expires_at,
    )
