"""Google, for people and for Workspace.

https://developers.google.com/identity/openid-connect/openid-connect describes the flow and
https://developers.google.com/identity/gsi/web/guides/verify-google-id-token when an address is Google's own: it runs
the mailbox where the address ends in gmail.com, or where `hd` names a Workspace domain. An account may also stand on
an address elsewhere, which was verified once and may belong to another by now. Old endpoints called the issuer
`accounts.google.com`, without a scheme; those of its discovery do not, and a token that does is refused.
"""

from collections.abc import Mapping
from typing import Any

from gatepost.core.federation.account import text_in
from gatepost.core.federation.preset import Account, Preset, Said
from gatepost.core.federation.presets.oidc import is_true, standard_account


def runs_the_mailbox(claims: Mapping[str, Any]) -> bool:
    """Whether Google would be the first to know that the address is somebody else's now."""
    email = text_in(claims, "email") or ""
    return email.lower().endswith("@gmail.com") or text_in(claims, "hd") is not None


async def read(said: Said) -> Account:
    """Return the account."""
    is_verified = is_true(said.claims, "email_verified")
    return standard_account(
        said, is_verified=is_verified, is_authoritative=is_verified and runs_the_mailbox(said.claims)
    )


PRESET = Preset(
    name="google",
    label="Google",
    issuer="https://accounts.google.com",
    read=read,
    reads_userinfo=False,
    # Without a consent that is asked for again, only the very first sign-in brings a refresh token.
    offline_parameters={"access_type": "offline", "prompt": "consent"},
)
