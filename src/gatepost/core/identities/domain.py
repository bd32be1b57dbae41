"""Who somebody at a provider is here: one table, without I/O.

An identity is an issuer and a subject. An address decides only where nobody has the identity yet, and only as far as
the provider's word about it goes: unverified, it is nobody's; verified, it was theirs once; authoritative, the
provider would be the first to know if it were theirs no longer. What could go wrong is that somebody enters another's
account by naming the other's address, or that an account made in another's name is later entered by both.
"""

import uuid
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from gatepost.core.identities.errors import EmailUnverified, LinkRequired, NoAccount
from gatepost.kernel.errors import LoginFailed

METHOD = "fed"  # RFC 8176 has no value for it


class Word(IntEnum):
    """What a provider's word about an address is worth."""

    NOTHING = 0
    VERIFIED = 1
    AUTHORITATIVE = 2


class Outcome(StrEnum):
    """What becomes of somebody who comes from a provider."""

    SIGN_IN = "sign_in"
    SIGN_UP = "sign_up"
    LINK = "address"
    TAKE_OVER = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A user of ours, as far as this decision needs one."""

    user_id: uuid.UUID
    epoch: int
    is_disabled: bool = False
    is_verified: bool = False
    has_roles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the settings say.

    Attributes:
        signs_up: whoever has no account here gets one.
        links_by_address: a verified address can be enough to be somebody.
        needs_address: nobody signs in here without a verified address.
    """

    signs_up: bool = True
    links_by_address: bool = True
    needs_address: bool = False


def decide(owner: Standing | None, word: Word, local: Standing | None, rules: Rules) -> Outcome:
    """Return what becomes of somebody.

    Args:
        owner: who has this identity.
        word: what the provider says of the address.
        local: who has the address here; it decides nothing where the word is worth nothing.
        rules: of this provider.

    Raises:
        LoginFailed: the user is disabled.
        NoAccount: nobody is made here from this provider.
        EmailUnverified: sign-in here waits for a verified address, and this provider verified none.
        LinkRequired: the account must be proved first, and linked from inside.
    """
    if owner is not None:
        if owner.is_disabled:
            raise LoginFailed
        return Outcome.SIGN_IN
    if word is Word.NOTHING:
        if rules.needs_address:
            raise EmailUnverified
        return _sign_up(rules)
    if local is None:
        return _sign_up(rules)
    # An account that may do more than others is not given away by a word that can be out of date.
    if word is not Word.AUTHORITATIVE and (local.is_verified or local.has_roles):
        raise LinkRequired
    if (local.is_verified or local.has_roles) and not rules.links_by_address:
        raise LinkRequired
    if local.is_disabled:
        raise LoginFailed
    return Outcome.LINK if local.is_verified else Outcome.TAKE_OVER


def _sign_up(rules: Rules) -> Outcome:
    if not rules.signs_up:
        raise NoAccount
    return Outcome.SIGN_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Who that is here, decided and committed; no session is open yet.

    Attributes:
        user_id: who.
        epoch: the user's, after everything that the decision changed.
        identity_id: by which identity.
        upstream_sid: the session there that this stands on.
        asked_at: when the browser began, by the store's clock in milliseconds.
    """

    user_id: uuid.UUID
    epoch: int
    identity_id: uuid.UUID
    upstream_sid: str | None
    asked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a user is at a provider; `email` and `name` are what it said last, `provider` its name in the settings."""

    id: uuid.UUID
    user_id: uuid.UUID
    issuer: str
    subject: str
    provider: str | None
    email: str | None
    name: str | None
    created_at: int
    used_at: int | None


def leaves_a_way_in(*, has_password: bool, has_mail_sign_in: bool, has_other: bool) -> bool:
    """Whether a user can still sign in: by a password, by mail, or with another account whose provider is there."""
    return has_password or has_mail_sign_in or has_other
