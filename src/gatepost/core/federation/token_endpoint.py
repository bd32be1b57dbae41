"""The token endpoint of a provider: how we prove ourselves there, and what its answers are worth (RFC 6749, section 5).

An error's text is the provider's, and goes nowhere. Its code becomes one of ours.
"""

import base64
from collections.abc import Mapping
from typing import NoReturn
from urllib.parse import quote_plus

from gatepost.core.federation.errors import Denied, ProviderRefused, ProviderUnavailable, ResponseRefused
from gatepost.core.federation.policy import ProviderPolicy
from gatepost.core.federation.redeemed import ProviderTokens
from gatepost.outbound import Answer as Reply

MAX_TOKEN = 32_768
INVALID_GRANT = "invalid_grant"  # what was presented is not good (any more)
_MAX_SECONDS = 10**9
# RFC 6749, section 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6; the last one is Apple's.
_DENIALS = frozenset(
    {
        "access_denied",
        "login_required",
        "consent_required",
        "interaction_required",
        "account_selection_required",
        "user_cancelled_authorize",
    }
)
_OUTAGES = frozenset({"server_error", "temporarily_unavailable"})
_MISTAKES = frozenset({"invalid_request", "unauthorized_client", "invalid_scope", "invalid_client", "invalid_grant"})
_NOT_GOOD = frozenset({"invalid_grant", "bad_verification_code", "bad_refresh_token"})  # the last two are GitHub's
_BASIC, _POST, _NONE = "client_secret_basic", "client_secret_post", "none"


def method_of(policy: ProviderPolicy, supported: tuple[str, ...], *, has_secret: bool) -> str:
    """Return how the client proves itself: as settings say, as the provider always wants it, or as it offers it."""
    if policy.authentication != "auto":
        return policy.authentication
    if policy.preset.authentication is not None:
        return policy.preset.authentication
    if not has_secret:
        return _NONE
    # OpenID Connect Discovery 1.0, section 3: where nothing is said, it is `client_secret_basic`.
    return _BASIC if not supported or _BASIC in supported else _POST


def authenticated(
    fields: Mapping[str, str], client_id: str, secret: str | None, method: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields and the headers of a token request that proves who asks (RFC 6749, section 2.3.1)."""
    if method == _BASIC:
        # Each half is form-encoded first.
        pair = f"{quote_plus(client_id)}:{quote_plus(secret or '')}"
        return dict(fields), {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    proof = {"client_secret": secret or ""} if method == _POST else {}
    return {**fields, "client_id": client_id, **proof}, {}


def read_tokens(reply: Reply) -> tuple[ProviderTokens, str | None]:
    """Return the tokens, and the ID token where there is one.

    Raises:
        ResponseRefused: `invalid_grant` (what was presented is not good), or no answer of this endpoint.
        Denied, ProviderRefused, ProviderUnavailable: another error.
        OutboundFailed: it is no JSON, or has another status.
    """
    said = reply.json()
    error = said.get("error")
    if isinstance(error, str):  # some say so with a status of 200
        if error in _NOT_GOOD:
            raise ResponseRefused(INVALID_GRANT)
        refuse(error)
    reply.require()
    kind, scope = said.get("token_type", "bearer"), said.get("scope")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ResponseRefused("token_type")
    access_token = _token(said.get("access_token"))
    if access_token is None:
        raise ResponseRefused("token")
    tokens = ProviderTokens(
        access_token=access_token,
        refresh_token=_token(said.get("refresh_token")),
        expires_in=_seconds(said.get("expires_in")),
        scope=scope if isinstance(scope, str) else None,
    )
    return tokens, _token(said.get("id_token"))


def refuse(error: str) -> NoReturn:
    """Turn an error code of a provider into ours.

    Raises:
        Denied, ProviderUnavailable, ProviderRefused: one of them.
    """
    if error in _DENIALS:
        raise Denied(error)
    if error in _OUTAGES:
        raise ProviderUnavailable(error)
    raise ProviderRefused(error if error in _MISTAKES else "other")


def _seconds(value: object) -> int | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return int(max(0, min(value, _MAX_SECONDS)))


def _token(value: object) -> str | None:
    """Return a token; None where there is none.

    Raises:
        ResponseRefused: it is more, or other, than visible ASCII (RFC 6749, appendix A.12).
    """
    if value is None:
        return None
    is_text = isinstance(value, str) and 0 < len(value) <= MAX_TOKEN and value.isascii() and value.isprintable()
    if not is_text:
        raise ResponseRefused("token")
    return str(value)
