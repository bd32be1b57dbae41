"""From a logout token to its end: it is verified as its provider's, and taken once."""

from gatepost.core.audit import Origin
from gatepost.core.federation.provider import LEEWAY_S, Provider
from gatepost.core.runtime import Core
from gatepost.crypto.reading import TokenRefused, read, split
from gatepost.kernel.errors import NotFound, OAuthError
from gatepost.trust.logout_tokens import LogoutToken, verify_logout_token

_MAX_TOKEN = 16_384


async def log_out_there(core: Core, name: str, text: str, origin: Origin) -> None:
    """End the sessions here that stand on what a provider says is over.

    Raises:
        OAuthError: `invalid_request`, whatever is wrong with the token (section 2.6).
        NotFound: there is no such provider, or it signs nothing.
        IssuerUnavailable: its keys cannot be had.
    """
    provider = core.providers.get(name)
    try:
        token = await _verified(provider, text, core.clock.now())
    except TokenRefused:
        raise _refused() from None
    if not await core.identities.log_out(token, origin):
        raise _refused()


async def _verified(provider: Provider, text: str, now: float) -> LogoutToken:
    if provider.issuer is None:
        raise NotFound
    head, body, _ = split(text, _MAX_TOKEN)
    kid, issuer = read(head).get("kid"), provider.policy.issuer
    if provider.policy.preset.issuer_of is not None:  # one of several: which one, the token is then held to
        named = provider.policy.preset.issuer_of(read(body))
        if named is None:
            raise TokenRefused("issuer")
        issuer = named
    return verify_logout_token(
        text,
        await provider.issuer.keys(kid if isinstance(kid, str) else None, signing_for=issuer),
        expected_issuer=issuer,
        expected_client_id=provider.policy.client_id,
        now=now,
        leeway=LEEWAY_S,
    )


def _refused() -> OAuthError:
    error = "invalid_request"
    return OAuthError(error, "The logout token is not valid.")
