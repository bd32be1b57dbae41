"""What a token says, offline, and whether this server would accept it now.

What it says is shown as it stands there and proves nothing. Values are printed as JSON in ASCII: a token comes from
anywhere, and a terminal obeys control characters.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.core.api_keys.domain import KeyStanding
from gatepost.core.keys import KeyState
from gatepost.core.sessions.store import read_session
from gatepost.crypto import jwt
from gatepost.gate import Gatepost
from gatepost.kernel.api_keys import API_KEY_PREFIX, SHOWN, parse_api_key
from gatepost.kernel.errors import NotAuthenticated
from gatepost.kernel.tokens import (
    COOKIE_PREFIX,
    REFRESH_PREFIX,
    RefreshToken,
    SessionToken,
    TokenMalformed,
    parse_cookie,
    parse_refresh,
)
from gatepost.server.times import in_words
from gatepost.storage.database import parse_url

_DATES = frozenset({"exp", "iat", "nbf", "auth_time", "updated_at"})
_REASONS = {
    "too_large": f"it is larger than {jwt.MAX_TOKEN_BYTES} bytes",
    "malformed": "it is not three parts of base64url that hold JSON",
    "algorithm": "the alg of its header is not that of its key",
    "type": "it is no access token: the typ of its header is not at+jwt",
    "signature": "its signature is wrong: it was changed, or another key signed it",
    "critical": "its header asks for extensions that are not understood here (crit, b64)",
    "claims": "a claim that is needed is missing, or is not what it should be",
    "expired": "it has expired",
    "not_yet_valid": "it is not valid yet: its clock is ahead of this one",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether this server accepts a token now, and why not."""

    is_accepted: bool
    words: str


def is_opaque(token: str) -> bool:
    """Whether the token is one of ours that only this server can read: a refresh token or a session cookie."""
    return token.startswith((REFRESH_PREFIX, COOKIE_PREFIX))


def shown(token: str, now: float) -> str:
    """Return what a token says, line by line.

    Raises:
        ValueError: it cannot be read (jwt.TokenRefused, TokenMalformed).
    """
    if token.startswith(API_KEY_PREFIX):
        if parse_api_key(token) is None:
            raise TokenMalformed
        return f"API key of Gatepost\n  begins  {token[:SHOWN]}"
    if is_opaque(token):
        parsed = _parsed(token)
        lines = [f"{_kind(parsed)} of Gatepost", f"  session     {parsed.session_id}"]
        if isinstance(parsed, RefreshToken):
            lines.append(f"  generation  {parsed.generation}")
        return "\n".join(lines)
    header, claims = jwt.inspect(token)
    return "\n".join(["header", *_members(header, now), "claims", *_members(claims, now)])


def _members(members: dict[str, Any], now: float) -> list[str]:
    names = {name: json.dumps(name)[1:-1] for name in members}
    width = max(map(len, names.values()), default=0)
    lines = []
    for name, value in members.items():
        words = in_words(value, now) if name in _DATES else None
        text = json.dumps(value)
        lines.append(f"  {names[name].ljust(width)}  {text}" + (f"  ({words})" if words else ""))
    return lines


def has_database(gate: Gatepost[Any]) -> bool:
    """Whether there may be a database to ask; to look must not make one."""
    url = parse_url(gate.settings.url_of_database)
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


async def judged(gate: Gatepost[Any], token: str) -> Verdict:
    """Return whether a started Gatepost accepts a token now."""
    if token.startswith(API_KEY_PREFIX):
        return _judged_key(await gate.core.api_keys.standing(token))
    if is_opaque(token):
        return await _judged_opaque(gate, token)
    try:
        principal = await gate.core.authenticator.bearer(token)
    except NotAuthenticated as error:
        return Verdict(is_accepted=False, words=_why_not(gate, token, error.detail))
    return Verdict(is_accepted=True, words=f"for the user {principal.user_id}, session {principal.session_id}")


async def _judged_opaque(gate: Gatepost[Any], token: str) -> Verdict:
    parsed = _parsed(token)
    row = await read_session(gate.core.database, parsed.session_id)
    kind = "cookie" if isinstance(parsed, SessionToken) else "token"
    if row is None or row.kind != kind or not parsed.mac_is_right(gate.core.keys, row.salt):
        return Verdict(is_accepted=False, words="it was not issued here, or under another GATEPOST_SECRET")
    if not row.is_live:
        return Verdict(is_accepted=False, words="its session is over")
    if isinstance(parsed, RefreshToken) and parsed.generation < row.generation:
        return Verdict(is_accepted=False, words=f"it is spent: the session is at generation {row.generation}")
    return Verdict(is_accepted=True, words=f"for the user {row.user_id}, session {row.id}")


def _judged_key(key: KeyStanding | None) -> Verdict:
    if key is None:
        return Verdict(
            is_accepted=False, words="it was not made here, or under another GATEPOST_SECRET, or is long over"
        )
    if key.is_good:
        words = f"for the user {key.user_id}, key {key.id} {json.dumps(key.name)}, scopes: {key.scope or 'none'}"
        return Verdict(is_accepted=True, words=words)
    if key.is_revoked:
        return Verdict(is_accepted=False, words="it was revoked")
    if not key.is_unexpired:
        return Verdict(is_accepted=False, words="it has expired")
    words = "its user is disabled" if key.is_disabled else "its user was signed out everywhere since it was made"
    return Verdict(is_accepted=False, words=words)


def _why_not(gate: Gatepost[Any], token: str, reason: str) -> str:
    if reason == "unknown_key":
        kid = jwt.inspect(token)[0].get("kid")
        is_removed = any(row.kid == kid and state is KeyState.REMOVED for row, state in gate.core.keyring.listing())
        return "its key was removed" if is_removed else "no key of this server has its kid"
    if reason == "revoked":
        return _why_revoked(gate, jwt.inspect(token)[1])
    policy = gate.core.services.tokens
    return {
        **_REASONS,
        "issuer": f"its issuer is not this server, {policy.issuer}",
        "audience": f"it is for somebody else, the audience here is {policy.audience}",
    }.get(reason, reason)


def _why_revoked(gate: Gatepost[Any], claims: dict[str, Any]) -> str:
    index = gate.core.feed.index
    if claims["gep"] < index.global_epoch:
        return "everybody was signed out since (gatepost db restored)"
    if claims["sid"] in {str(session_id) for session_id in index.ended}:
        return "its session was ended"
    return "its user was signed out since: a new password, a role lost, disabled or deleted"


def _parsed(token: str) -> RefreshToken | SessionToken:
    return parse_refresh(token) if token.startswith(REFRESH_PREFIX) else parse_cookie(token)


def _kind(parsed: RefreshToken | SessionToken) -> str:
    return "refresh token" if isinstance(parsed, RefreshToken) else "session cookie"
