"""Sign in with Apple.

https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret describes the client
secret, a JWT that we sign; it may live for half a year, and here it lives for minutes, made for one request.
https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server
describes the answer: a form that the browser posts. With the first one of a person comes `user`, their name and address
in JSON that nobody has signed. The name is a proposal; the address is not looked at, that of the ID token is.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gatepost.core.federation.account import text_in
from gatepost.core.federation.preset import Account, Options, Preset, Said
from gatepost.core.federation.presets.oidc import standard_account
from gatepost.crypto.jwt import sign
from gatepost.crypto.pem import KeyRefused, load_signing_key
from gatepost.kernel.errors import ConfigurationError

_SECRET_LIFETIME_S = 300
_MAX_USER = 2048
_OWN_MAILBOXES = ("@privaterelay.appleid.com", "@icloud.com", "@me.com", "@mac.com")


def configured(preset: Preset, options: Options) -> Preset:
    """Return the preset with the key that makes its client secrets.

    Raises:
        ConfigurationError: the key is none; the message holds nothing of it.
    """
    try:
        key = load_signing_key(options.private_key or "", kid=options.key_id or "")
    except KeyRefused:
        msg = "private_key must be the key file that Apple gave (AuthKey_….p8), its text or its path"
        raise ConfigurationError(msg) from None

    def client_secret(now: float) -> str:
        issued_at = int(now)
        claims = {
            "iss": options.team_id,
            "iat": issued_at,
            "exp": issued_at + _SECRET_LIFETIME_S,
            "aud": "https://appleid.apple.com",
            "sub": options.client_id,
        }
        return sign(claims, key, typ="JWT")

    return replace(preset, client_secret=client_secret)


async def read(said: Said) -> Account:
    """Return the account of an ID token, with the name that came with a first sign-in."""
    claims = said.claims
    is_verified = claims.get("email_verified") is True or claims.get("email_verified") == "true"  # it has been either
    email = (text_in(claims, "email") or "").lower()
    account = standard_account(said, is_verified=is_verified, is_authoritative=email.endswith(_OWN_MAILBOXES))
    return replace(account, full_name=name_in(said.posted.get("user")))


def name_in(user: str | None) -> str | None:
    """Return the name in what a browser posted as `user`; None where it is anything but a small object with one."""
    if user is None or len(user) > _MAX_USER:
        return None
    try:
        posted = json.loads(user)
    except (ValueError, RecursionError):
        return None
    name = posted.get("name") if isinstance(posted, dict) else None
    return _full_name(name) if isinstance(name, dict) else None


def _full_name(name: Mapping[str, Any]) -> str | None:
    parts = [text_in(name, part) for part in ("firstName", "lastName")]
    return " ".join(part.strip() for part in parts if part) or None


PRESET = Preset(
    name="apple",
    label="Apple",
    issuer="https://appleid.apple.com",
    scopes=("openid", "email", "name"),
    read=read,
    reads_userinfo=False,
    response_mode="form_post",
    posted=("user",),
    authentication="client_secret_post",
    has_client_secret=False,
    takes=frozenset({"team_id", "key_id", "private_key"}),
    needs=frozenset({"team_id", "key_id", "private_key"}),
    configured=configured,
)
