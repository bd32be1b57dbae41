"""Who somebody is at a provider, in a form that can be stored, compared and shown.

Everything here was written by others. Without an id that can be stored there is no account; whatever else is unfit is
left out, and an address that is none is not verified either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.text import clean_text, normalize_email

_MAX_SUBJECT = 255  # OpenID Connect Core 1.0, section 2
_MAX_ISSUER = 255
_MAX_NAME = 200
_MAX_LOCALE = 35  # RFC 5646, section 4.4.1


class AccountRefused(ValueError):
    """The provider's answer does not say who somebody is; the text says why, and holds nothing of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who somebody is at a provider.

    Attributes:
        issuer: who says so; an https URL.
        subject: the issuer's own id of the account, which it never gives to another.
        email: the address that the provider names, normalized.
        email_is_verified: the provider says that the account's owner reads that mailbox.
        email_is_authoritative: and that it would be the first to know if that changed (it runs the mailbox).
        username: what they are called there, as a proposal.
        full_name: for display.
        locale: the language they like (RFC 5646).
        claims: everything that was said.

    Raises:
        AccountRefused: it has no subject, or one that cannot be stored.
    """

    issuer: str
    subject: str
    email: str | None = None
    email_is_verified: bool = False
    email_is_authoritative: bool = False
    username: str | None = None
    full_name: str | None = None
    locale: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _require_name("issuer", self.issuer, _MAX_ISSUER)
        _require_name("subject", self.subject, _MAX_SUBJECT)
        email = _email(self.email)
        is_verified = email is not None and self.email_is_verified is True
        fit: dict[str, object] = {
            "email": email,
            "email_is_verified": is_verified,
            "email_is_authoritative": is_verified and self.email_is_authoritative is True,
            "username": _shown(self.username, _MAX_NAME),
            "full_name": _shown(self.full_name, _MAX_NAME),
            "locale": _shown(self.locale, _MAX_LOCALE),
        }
        for name, value in fit.items():
            object.__setattr__(self, name, value)


def text_in(claims: Mapping[str, Any], name: str) -> str | None:
    """Return a claim that is text; None where it is absent, empty or anything else."""
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def number_in(claims: Mapping[str, Any], name: str) -> str:
    """Return a claim that is the number of an account, as text.

    Raises:
        AccountRefused: it is none.
    """
    value = claims.get(name)
    if type(value) is not int or not 0 < value < 2**63:  # a bool is an int, and True is nobody
        raise AccountRefused(f"{name} is no number of an account")
    return str(value)


def _require_name(what: str, value: object, longest: int) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise AccountRefused(f"there is no {what}, or none that can be stored")


def _email(value: object) -> str | None:
    try:
        return normalize_email(value) if isinstance(value, str) else None
    except InvalidInput:
        return None


def _shown(value: object, longest: int) -> str | None:
    try:
        return (clean_text(value, field="name", max_length=longest) or None) if isinstance(value, str) else None
    except InvalidInput:
        return None
