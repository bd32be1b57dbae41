"""Who calls, as the credential says it: no database, no request, no secret."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Watch = Callable[["Principal"], Awaitable[None]]
API_KEY_CLIENT = "api-key"


async def _never_ends(_: "Principal") -> None:
    msg = "this principal was not made by a running Gatepost, which alone can tell when a session ends"
    raise RuntimeError(msg)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts as a user (RFC 8693, section 4.1), by which session of their own, issued under which epoch of theirs."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request.

    Attributes:
        user_id: the user's id; for a foreign issuer's subject, a UUID made of issuer and subject.
        session_id: the session that the credential belongs to (`sid`); the id of an API key.
        roles: what the user is; a snapshot that is at most as old as the revocation bound.
        permissions: what those roles allow now, as far as this credential's scopes let them; no older than the bound.
        scopes: what this credential may do.
        amr: the methods that were proved (RFC 8176).
        auth_time: when they were proved, seconds since the Unix epoch.
        epoch: the user's epoch that the credential was issued under.
        client_id: the client that it was issued to.
        expires_at: when the credential dies, seconds since the Unix epoch.
        claims: what the host application added by `@gate.claims`.
        actor: the administrator who acts as this user; None where it is the user in person.
        issuer: who says all this (`iss`): the address of this Gatepost for its own credentials.
        subject: whom they say it of (`sub`); identity is both together, never an address.
    """

    user_id: uuid.UUID
    session_id: uuid.UUID
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    amr: tuple[str, ...] = ()
    auth_time: int = 0
    epoch: int = 0
    client_id: str = ""
    expires_at: int = 0
    claims: Mapping[str, Any] = field(default_factory=dict, hash=False)
    actor: Actor | None = None
    issuer: str = ""
    subject: str = ""
    watch: Watch = field(default=_never_ends, repr=False, compare=False)

    @property
    def is_api_key(self) -> bool:
        """Whether a program calls with an API key: nobody has signed in."""
        return self.client_id == API_KEY_CLIENT

    @property
    def actor_id(self) -> uuid.UUID | None:
        """The administrator who acts as this user, if it is not the user in person."""
        return None if self.actor is None else self.actor.user_id

    async def ended(self) -> None:
        """Wait until this principal's session is ended, its user's epoch moves on, or its credential dies."""
        await self.watch(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> Any:  # noqa: ANN401 - pydantic's own signature
        msg = (
            "Principal cannot be a plain request parameter, FastAPI would read it from the body: "
            "write `principal: CurrentPrincipal`"
        )
        raise TypeError(msg)
