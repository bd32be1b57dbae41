"""Making a user from what a person typed: normalized, checked against the rules for passwords, hashed, stored."""

from collections.abc import Iterable
from typing import Any

from gatepost.core.audit import Origin
from gatepost.core.audit.domain import NOWHERE
from gatepost.core.passwords import PasswordPolicy, Passwords
from gatepost.core.users.domain import NewUser, User
from gatepost.core.users.flow import Users, WithinUser
from gatepost.kernel.errors import AuthError, InvalidInput
from gatepost.kernel.languages import language_tag
from gatepost.kernel.text import clean_text, normalize_email, normalize_username
from gatepost.storage.unit_of_work import Within, nothing

MAX_FULL_NAME = 200


class IdentifierTaken(AuthError):
    """Somebody has this e-mail address or username."""

    code = "signup.identifier_taken"
    status = 409
    public = "Somebody already has this e-mail address or username."


class Registration:
    """Sign-up, for the route, the command and a host's own code."""

    def __init__(self, users: Users[Any], passwords: Passwords, policy: PasswordPolicy) -> None:
        self._users = users
        self._passwords = passwords
        self._policy = policy

    async def register(
        self,
        *,
        password: str,
        email: str | None = None,
        username: str | None = None,
        full_name: str | None = None,
        email_verified: bool = False,
        roles: Iterable[str] = (),
        origin: Origin = NOWHERE,
        otherwise: Within = nothing,
    ) -> User[Any] | None:
        """Make a user with a password; return None where an identifier is taken, and has done `otherwise`.

        Raises:
            InvalidInput: a value cannot be used; it names the field.
            Busy: the hash queue is full.
            Refused: a listener within the transaction does not want this user.
        """
        new = await self.prepared(
            password=password,
            email=email,
            username=username,
            full_name=full_name,
            email_verified=email_verified,
            roles=roles,
            locale=origin.language,
        )
        return await self._users.create(new, origin=origin, otherwise=otherwise)

    async def prepared(
        self,
        *,
        password: str,
        email: str | None = None,
        username: str | None = None,
        full_name: str | None = None,
        email_verified: bool = False,
        roles: Iterable[str] = (),
        locale: str | None = None,
    ) -> NewUser:
        """Return what a user with a password is made from: normalized, judged, hashed.

        Raises:
            InvalidInput: a value cannot be used; it names the field.
            Busy: the hash queue is full.
        """
        if email is None and username is None:
            field = "email"
            raise InvalidInput(field, "an e-mail address or a username is needed")
        address = normalize_email(email) if email is not None else None
        name = normalize_username(username) if username is not None else None
        shown = clean_text(full_name, field="full_name", max_length=MAX_FULL_NAME) if full_name else None
        words = (address, address.split("@")[0] if address else None, name, shown)
        secret = await self._policy.accept(password, words=words)
        return NewUser(
            email=address,
            username=name,
            full_name=shown or None,
            password_hash=await self._passwords.hash(secret),
            email_verified=email_verified,
            roles=frozenset(roles),
            locale=language_tag(locale) if locale else None,
        )

    async def invite(
        self,
        *,
        email: str,
        username: str | None = None,
        full_name: str | None = None,
        roles: Iterable[str] = (),
        origin: Origin = NOWHERE,
        within: WithinUser,
    ) -> User[Any] | None:
        """Make a user without a password; return None where an identifier is taken. `within` sends the invitation.

        Raises:
            InvalidInput: a value cannot be used; it names the field.
            Refused: a listener within the transaction does not want this user.
        """
        shown = clean_text(full_name, field="full_name", max_length=MAX_FULL_NAME) if full_name else None
        new = NewUser(
            email=normalize_email(email),
            username=normalize_username(username) if username is not None else None,
            full_name=shown or None,
            roles=frozenset(roles),
            is_invited=True,
        )
        return await self._users.create(new, origin=origin, within=within)
