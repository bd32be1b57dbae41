"""GitHub, GitHub Enterprise Server and Cloud with data residency, by OAuth 2.0 alone.

https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps describes the flow, and
https://docs.github.com/rest/users/emails the addresses. What `/user` says in `email` is for show: it may be absent,
and it does not say whether it is verified. Names can be changed and taken over by others; the number `id` cannot.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from gatepost.core.federation.account import number_in, text_in
from gatepost.core.federation.preset import Account, Endpoints, Options, Preset, Said

_CLOUD = "https://github.com"
_MAX_ADDRESSES = 100


def _endpoints(base_url: str, api: str) -> Endpoints:
    return Endpoints(
        authorization=f"{base_url}/login/oauth/authorize",
        token=f"{base_url}/login/oauth/access_token",
        userinfo=f"{api}/user",
        iss=f"{base_url}/login/oauth",
    )


def configured(preset: Preset, options: Options) -> Preset:
    """Return the preset of an Enterprise Server, or of an enterprise's own host below ghe.com."""
    base_url = options.base_url
    if base_url is None or base_url == _CLOUD:
        return preset
    parts = urlsplit(base_url)
    is_cloud = (parts.hostname or "").endswith(".ghe.com")
    api = f"{parts.scheme}://api.{parts.netloc}" if is_cloud else f"{base_url}/api/v3"
    emails = f"{api}/user/emails"

    async def read_there(said: Said) -> Account:
        return await _account(said, emails)

    return replace(preset, issuer=base_url, endpoints=_endpoints(base_url, api), read=read_there)


async def read(said: Said) -> Account:
    """Return the account of github.com."""
    return await _account(said, "https://api.github.com/user/emails")


async def _account(said: Said, emails: str) -> Account:
    claims = said.claims
    subject = number_in(claims, "id")
    email, is_verified = primary_address(await said.ask(f"{emails}?per_page={_MAX_ADDRESSES}"))
    return Account(
        issuer=said.issuer,
        subject=subject,
        email=email,
        email_is_verified=is_verified,
        username=text_in(claims, "login"),
        full_name=text_in(claims, "name"),
        claims=claims,
    )


def primary_address(listed: Any) -> tuple[str | None, bool]:  # noqa: ANN401 - an answer of JSON
    """Return the one primary address of `/user/emails`, and whether it is verified."""
    if not isinstance(listed, list) or len(listed) > _MAX_ADDRESSES:
        return None, False
    primary = [each for each in listed if isinstance(each, dict) and each.get("primary") is True]
    if len(primary) != 1:
        return None, False
    return text_in(primary[0], "email"), primary[0].get("verified") is True


PRESET = Preset(
    name="github",
    label="GitHub",
    issuer=_CLOUD,
    scopes=("read:user", "user:email"),
    endpoints=_endpoints(_CLOUD, "https://api.github.com"),
    read=read,
    authentication="client_secret_post",
    takes=frozenset({"base_url"}),
    configured=configured,
)
