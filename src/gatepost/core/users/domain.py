"""A user as the rest of the program sees it: never with a password hash, so that none can leak through it."""

import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic

from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import TypeVar

from gatepost.kernel.errors import ConfigurationError, InvalidInput
from gatepost.kernel.text import is_storable
from gatepost.storage.statement import Row

MAX_PROFILE_BYTES = 16_384
_log = logging.getLogger("gatepost.users")


class Profile(BaseModel):
    """Fields that the owner may write about themselves; a host subclasses it. Every field needs a default."""

    model_config = ConfigDict(extra="forbid")


P = TypeVar("P", bound=Profile, default=Profile)


class _NeverFromRequest:
    """Refuses, at import, to be read by pydantic; on a field, since `User[MyProfile]` hides methods of the class."""

    def __get_pydantic_core_schema__(self, *_: object) -> Any:  # noqa: ANN401 - pydantic's own signature
        msg = (
            "User cannot be a plain request parameter, FastAPI would read it from the body: write `user: CurrentUser`; "
            "to answer with one, declare `response_model=gatepost.UserView`"
        )
        raise TypeError(msg)


@dataclass(frozen=True, slots=True)
class User(Generic[P]):
    """One person.

    Attributes:
        id: stable, UUIDv7.
        email: canonical, or None for a user with a username only.
        epoch: moves on whenever every credential issued so far must die.
        locale: the language of mails to them (RFC 5646), or None where nobody said.
    """

    id: Annotated[uuid.UUID, _NeverFromRequest()]
    email: str | None
    email_verified: bool
    username: str | None
    full_name: str | None
    roles: frozenset[str]
    created_at: datetime
    is_disabled: bool
    epoch: int
    profile: P
    locale: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewUser:
    """What a new user is made from: identifiers already normalized, the password already hashed."""

    email: str | None = None
    username: str | None = None
    full_name: str | None = None
    password_hash: str | None = None
    email_verified: bool = False
    roles: frozenset[str] = frozenset()
    locale: str | None = None
    is_invited: bool = False


@dataclass(frozen=True, slots=True)
class OwnFields:
    """What an owner may write about themselves."""

    full_name: str | None
    profile: Profile
    locale: str | None


def split_roles(joined: str | None) -> frozenset[str]:
    """Return the roles of an aggregated column."""
    return frozenset(joined.split(" ")) if joined else frozenset()


def user_from_row(row: Row, profile: type[P]) -> User[P]:
    """Return the user of a row of `store.USER_COLUMNS`."""
    return User(
        id=row[0],
        email=row[1],
        email_verified=bool(row[2]),
        username=row[3],
        full_name=row[4],
        profile=_read_profile(row[0], row[5], profile),
        epoch=row[6],
        is_disabled=row[7] is not None,
        created_at=datetime.fromtimestamp(row[8] / 1000, UTC),
        roles=split_roles(row[9]),
        locale=row[10],
    )


def _read_profile(user_id: uuid.UUID, stored: str | None, profile: type[P]) -> P:
    if stored is None:
        return profile()
    try:
        return profile.model_validate_json(stored)
    except ValidationError:  # the host's model has moved on; what is stored is not touched until the owner writes
        _log.warning("the stored profile of user %s does not fit %s, defaults are shown", user_id, profile.__name__)
        return profile()


def check_profile(profile: type[Profile]) -> None:
    """Refuse a profile that a new user could not have.

    Raises:
        ConfigurationError: a field has no default.
    """
    try:
        profile()
    except ValidationError as error:
        msg = f"every field of the profile {profile.__name__} needs a default"
        raise ConfigurationError(msg) from error


def write_profile(profile: Profile) -> str:
    """Return a profile as stored.

    Raises:
        InvalidInput: it is too large, holds what a database cannot, or could not be read back (an infinite number, a
            lone surrogate, nesting without end).
    """
    try:
        text = profile.model_dump_json()
        type(profile).model_validate_json(text)
    except ValueError:
        raise InvalidInput("profile", "holds a value that cannot be stored") from None
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PROFILE_BYTES:
        raise InvalidInput("profile", "is too large")
    if not is_storable(text) or "\\u0000" in text:
        raise InvalidInput("profile", "holds characters that cannot be stored")
    return text
