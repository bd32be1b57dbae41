"""Access tokens: JWTs in the RFC 9068 profile, issued from what a transaction returned and read back by the guard."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.core.keys import Keyring
from gatepost.core.users.domain import split_roles
from gatepost.crypto import jwt
from gatepost.kernel.principal import Actor

_RFC = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "roles", "auth_time", "amr", "acr")
RESERVED = frozenset((*_RFC, "act", "azp", "cnf", "nonce", "typ", "sid", "epoch", "gep", "permissions"))
MAX_PERMISSIONS_TEXT = 2_048


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Who issues, for whom, and how far clocks may differ.

    Attributes:
        issuer: `iss`, the public URL.
        audience: `aud`.
        leeway: seconds by which another's clock may differ.
    """

    issuer: str
    audience: str
    leeway: int = 10


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token says; times in milliseconds since the Unix epoch, by the store's clock."""

    session_id: uuid.UUID
    user_id: uuid.UUID
    client_id: str
    scope: str
    roles: str | None
    amr: str
    auth_time: int
    epoch: int
    global_epoch: int
    issued_at: int
    access_exp: int
    actor: Actor | None = None


def issue_access_token(
    keyring: Keyring, policy: TokenPolicy, grant: Grant, permissions: frozenset[str], extra: Mapping[str, Any]
) -> str:
    """Sign an access token for a grant (RFC 9068, section 2.2).

    `permissions` is for other resource servers: this one looks up what the roles allow now. More than a header can
    carry is left out as a whole, since half of a list would be read as all of it.
    """
    words = sorted(permissions)
    claims: dict[str, Any] = {
        **extra,
        "iss": policy.issuer,
        "sub": str(grant.user_id),
        "aud": policy.audience,
        "exp": grant.access_exp // 1000,
        "iat": grant.issued_at // 1000,
        "jti": uuid.uuid4().hex,
        "client_id": grant.client_id,
        "sid": str(grant.session_id),
        "epoch": grant.epoch,
        "gep": grant.global_epoch,
        "scope": grant.scope,
        "roles": sorted(split_roles(grant.roles)),
        "auth_time": grant.auth_time,
        "amr": grant.amr.split(" "),
    }
    if words and len(" ".join(words)) <= MAX_PERMISSIONS_TEXT:
        claims["permissions"] = words
    if grant.actor is not None:  # RFC 8693, section 4.1; `sid` and `epoch` of the actor end the token with them
        actor = grant.actor
        claims["act"] = {"sub": str(actor.user_id), "sid": str(actor.session_id), "epoch": actor.epoch}
    return jwt.sign(claims, keyring.signer())
