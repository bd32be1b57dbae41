"""Discord, by OAuth 2.0 alone.

https://discord.com/developers/docs/topics/oauth2 and https://discord.com/developers/docs/resources/user describe both.
An account may have no address or one that nobody verified; Discord runs no mailboxes.
"""

from gatepost.core.federation.account import text_in
from gatepost.core.federation.preset import Account, AccountRefused, Endpoints, Preset, Said

_API = "https://discord.com/api"
_MAX_DIGITS = 20  # of 64 bits


def _snowflake(value: object) -> str:
    """Return an id: a number of 64 bits, written as text because JavaScript cannot hold it."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > _MAX_DIGITS:
        raise AccountRefused("id is no snowflake")
    return value


async def read(said: Said) -> Account:
    """Return the account of `/users/@me`."""
    claims = said.claims
    return Account(
        issuer=said.issuer,
        subject=_snowflake(claims.get("id")),
        email=text_in(claims, "email"),
        email_is_verified=claims.get("verified") is True,
        username=text_in(claims, "username"),
        full_name=text_in(claims, "global_name"),
        locale=text_in(claims, "locale"),
        claims=claims,
    )


PRESET = Preset(
    name="discord",
    label="Discord",
    issuer="https://discord.com",
    scopes=("identify", "email"),
    endpoints=Endpoints(
        authorization="https://discord.com/oauth2/authorize",
        token=f"{_API}/oauth2/token",
        userinfo=f"{_API}/v10/users/@me",
        iss="https://discord.com",
    ),
    read=read,
    authentication="client_secret_basic",
)
