"""What a provider says of somebody, brought into the shapes that are kept here; what does not fit is left out.

Nothing of it is believed but the identity and, as far as `Word` goes, the address. A username is a proposal: where it
is unusable or taken, one is made up.
"""

import secrets

from gatepost.core.federation.preset import Account
from gatepost.core.identities.domain import Word
from gatepost.core.identities.errors import AccountUnusable
from gatepost.core.users.registration import MAX_FULL_NAME
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.languages import language_tag
from gatepost.kernel.text import clean_text, is_storable, normalize_email, normalize_username

MAX_ISSUER, MAX_SUBJECT, MAX_SID = 255, 320, 255
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_MADE_UP = 10


def check_account(account: Account, upstream_sid: str | None) -> None:
    """Refuse who cannot be kept as who they are.

    Raises:
        AccountUnusable: a name is empty, too long, or no text for a database.
    """
    given = [(account.issuer, MAX_ISSUER), (account.subject, MAX_SUBJECT)]
    given += [(upstream_sid, MAX_SID)] if upstream_sid is not None else []
    for name, longest in given:
        if not name or len(name) > longest or not is_storable(name):
            raise AccountUnusable


def address_of(account: Account) -> tuple[str | None, Word]:
    """Return the address in its one form, and what the provider's word about it is worth; one that is none is no word.

    The form decides who has the address here, so that another spelling of it is the same.
    """
    if account.email is None:
        return None, Word.NOTHING
    try:
        address = normalize_email(account.email)
    except InvalidInput:
        return None, Word.NOTHING
    if not account.email_is_verified:
        return address, Word.NOTHING
    return address, Word.AUTHORITATIVE if account.email_is_authoritative else Word.VERIFIED


def username_of(account: Account) -> str | None:
    """Return what they are called there as a username, or None where it cannot be one."""
    try:
        return normalize_username(account.username or "")
    except InvalidInput:
        return None


def made_up_username() -> str:
    """Return a username that nobody has."""
    return "user-" + "".join(secrets.choice(_ALPHABET) for _ in range(_MADE_UP))


def full_name_of(account: Account) -> str | None:
    """Return the name for display, or None."""
    return _cleaned(account.full_name)


def locale_of(account: Account) -> str | None:
    """Return the language, or None."""
    try:
        return language_tag(account.locale.replace("_", "-")) if account.locale else None
    except InvalidInput:
        return None


def shown_name(account: Account) -> str | None:
    """Return what the list of somebody's accounts calls this one."""
    return _cleaned(account.username) or _cleaned(account.full_name)


def _cleaned(text: str | None) -> str | None:
    try:
        return clean_text(text, field="name", max_length=MAX_FULL_NAME) or None if text else None
    except InvalidInput:
        return None
