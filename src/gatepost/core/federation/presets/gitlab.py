"""GitLab: gitlab.com, or a self-managed one, whose `base_url` is its issuer.

https://docs.gitlab.com/integration/openid_connect_provider/ lists the claims. The ID token leaves most of them to
`userinfo`. GitLab verifies addresses and runs no mailboxes.
"""

from gatepost.core.federation.preset import Account, Preset, Said
from gatepost.core.federation.presets.oidc import is_true, standard_account


async def read(said: Said) -> Account:
    """Return the account."""
    return standard_account(said, is_verified=is_true(said.claims, "email_verified"), is_authoritative=False)


PRESET = Preset(
    name="gitlab",
    label="GitLab",
    issuer="https://gitlab.com",
    read=read,
    takes=frozenset({"base_url"}),
)
