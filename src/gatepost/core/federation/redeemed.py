"""What a provider gave for a code: who somebody is there, and its tokens."""

from dataclasses import dataclass, field

from gatepost.core.federation.policy import ProviderPolicy
from gatepost.core.federation.preset import Account
from gatepost.kernel.errors import AuthError


class RefreshRefused(AuthError):
    """The provider does not take a refresh token (any more): whoever wants its tokens has to sign in there again."""

    code = "social.refresh_refused"
    status = 409
    public = "The provider has ended this access. Sign in with it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTokens:
    """What a provider gives for a code or a refresh token; `expires_in` in seconds, as the provider said."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in: int | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """Who somebody is at a provider, all of it verified.

    Attributes:
        provider: whose word it is.
        account: with `trusts_email` applied.
        tokens: of the provider; kept only where its policy says so.
        upstream_sid: the session there (OpenID Connect Back-Channel Logout 1.0, section 2.1).
        asked_at: when the request began, in milliseconds of the store's clock: a logout since then has overtaken it.
    """

    provider: ProviderPolicy
    account: Account
    tokens: ProviderTokens | None = None
    upstream_sid: str | None = None
    asked_at: int
