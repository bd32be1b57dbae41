"""From a record of another system to a user of ours, or to a refusal that names the field. No I/O.

What could go wrong: a hash that orders gigabytes or minutes at each sign-in, an address that another spelling of ours
already stands for, a password in clear that somebody took for a hash. Each is refused here, before anything is written.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gatepost.core.roles.domain import check_role
from gatepost.core.users.registration import MAX_FULL_NAME
from gatepost.crypto.passwords import HashRefused, check_importable
from gatepost.crypto.pepper import Peppers
from gatepost.kernel.errors import InvalidInput
from gatepost.kernel.text import clean_text, is_storable, normalize_email, normalize_username

MAX_FOREIGN_ID = 320
FIELDS = (
    "id",
    "email",
    "username",
    "full_name",
    "password_hash",
    "email_verified",
    "disabled",
    "roles",
    "admin",
    "created_at",
    "locale",
)
# What other systems call it: the tutorials, fastapi-users, Django. `is_active` says the opposite of `disabled`.
ALIASES: Mapping[str, str] = {
    "user_id": "id",
    "uuid": "id",
    "email_address": "email",
    "login": "username",
    "user_name": "username",
    "name": "full_name",
    "hashed_password": "password_hash",
    "password": "password_hash",
    "is_verified": "email_verified",
    "is_active": "disabled",
    "active": "disabled",
    "is_disabled": "disabled",
    "role": "roles",
    "is_superuser": "admin",
    "is_admin": "admin",
    "date_joined": "created_at",
}
_UNPEPPERED = Peppers()
_OPPOSITES = frozenset({"is_active", "active"})
_TRUE, _FALSE = frozenset({"true", "t", "yes", "y", "1"}), frozenset({"false", "f", "no", "n", "0", ""})
_MILLISECONDS_FROM = 100_000_000_000  # a date in seconds is not that large before the year 5138
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ImportedUser:
    """One user to be written; `created_at` in milliseconds since the Unix epoch, None for now."""

    foreign_id: str
    email: str | None
    username: str | None
    full_name: str | None
    password_hash: str | None
    email_verified: bool
    is_disabled: bool
    roles: frozenset[str]
    created_at: int | None
    locale: str | None

    @property
    def own_uuid(self) -> uuid.UUID | None:
        """The id elsewhere, where that is a UUID that can be kept."""
        try:
            return uuid.UUID(self.foreign_id)
        except ValueError:
            return None


def read_record(
    record: Mapping[str, object], names: Mapping[str, str], admin_role: str, peppers: Peppers = _UNPEPPERED
) -> ImportedUser:
    """Return the user of a record.

    Args:
        record: as the source has it.
        names: which of its columns is which of `FIELDS` (see `column_names`).
        admin_role: what whoever is said to administer gets.
        peppers: of this system, for hashes that an export of ours holds.

    Raises:
        InvalidInput: a value cannot be used; it names the field and never holds the value.
    """
    values = {field: record[column] for column, field in names.items() if column in record}
    if any(column in _OPPOSITES and names[column] == "disabled" for column in names):
        values["disabled"] = not _truth(values.get("disabled", True), "is_active")
    email, username = _text(values.get("email")), _text(values.get("username"))
    if email is None and username is None:
        raise InvalidInput("email", "an e-mail address or a username is needed")
    address = normalize_email(email) if email is not None else None
    name = normalize_username(username) if username is not None else None
    foreign_id = _text(values.get("id")) or address or name or ""
    if len(foreign_id) > MAX_FOREIGN_ID:
        raise InvalidInput("id", "is too long")
    if not is_storable(foreign_id):
        raise InvalidInput("id", "holds characters that cannot be stored")
    shown = _text(values.get("full_name"))
    return ImportedUser(
        foreign_id=foreign_id,
        email=address,
        username=name,
        full_name=clean_text(shown, field="full_name", max_length=MAX_FULL_NAME) or None if shown else None,
        password_hash=_hash(values.get("password_hash"), peppers),
        email_verified=address is not None and _truth(values.get("email_verified"), "email_verified"),
        is_disabled=_truth(values.get("disabled"), "disabled"),
        roles=_roles(values.get("roles")) | ({admin_role} if _truth(values.get("admin"), "admin") else set()),
        created_at=_date(values.get("created_at")),
        locale=_locale(values.get("locale")),
    )


def column_names(columns: list[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return which of a source's columns is which field.

    Args:
        columns: of the source.
        mapping: field to column, as the operator said; it wins over what names suggest.

    Raises:
        InvalidInput: a field that there is not, a column that there is not, two columns of one name or for one field.
    """
    if unknown := sorted(set(mapping) - set(FIELDS)):
        raise InvalidInput("map", f"there is no field {', '.join(unknown)}; fields are {', '.join(FIELDS)}")
    if twice := sorted(name for name in set(columns) if columns.count(name) > 1):
        raise InvalidInput("map", f"the source has two columns {', '.join(twice)}: one would hide the other")
    if missing := sorted(set(mapping.values()) - set(columns)):
        raise InvalidInput("map", f"the source has no column {', '.join(missing)}")
    names = {column: field for field, column in mapping.items()}
    for column in columns:
        field = column if column in FIELDS else ALIASES.get(column)
        if column not in names and field is not None and field not in mapping:
            names[column] = field
    for field in FIELDS:
        found = sorted(column for column, meant in names.items() if meant == field)
        if len(found) > 1:
            raise InvalidInput(
                "map", f"{' and '.join(found)} both look like {field}: say which by --map {field}=COLUMN"
            )
    return names


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    return text or None


def _truth(value: object, field: str) -> bool:
    if isinstance(value, bool) or value is None:
        return bool(value)
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise InvalidInput(field, "is neither true nor false")


def _hash(value: object, peppers: Peppers) -> str | None:
    text = _text(value)
    if text is None or text.startswith("!"):  # how Django and Unix write that nobody can sign in with a password
        return None
    try:
        check_importable(text, peppers)
    except HashRefused as refused:
        raise InvalidInput("password_hash", str(refused)) from None
    return text


def _roles(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise InvalidInput("roles", "is no list") from None
    found = value if isinstance(value, (list, tuple)) else re.split(r"[\s,;|]+", str(value))
    roles = frozenset(str(role).strip().lower() for role in found if str(role).strip())
    for role in roles:
        check_role(role)
    return roles


def _date(value: object) -> int | None:
    text = _text(value)
    if text is None:
        return None
    try:
        milliseconds = _milliseconds(value if isinstance(value, datetime) else text)
        datetime.fromtimestamp(milliseconds / 1000, UTC)  # what no calendar shows would spoil every list of users
    except (ValueError, OverflowError):
        raise InvalidInput("created_at", "is no date: ISO 8601, or seconds since 1970") from None
    return milliseconds


def _milliseconds(value: datetime | str) -> int:
    if isinstance(value, datetime):
        return round((value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp() * 1000)
    if re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,9})?", value):
        number = float(value)
        return int(number if number >= _MILLISECONDS_FROM else number * 1000)
    return _milliseconds(datetime.fromisoformat(value))


def _locale(value: object) -> str | None:
    text = _text(value)
    if text is not None and not _LOCALE.fullmatch(text):
        raise InvalidInput("locale", "is no language tag, for example en or de-CH")
    return text
