"""The rules of sessions and of refresh rotation, without I/O.

A refresh token names a session and a generation and carries a MAC over both and the row's salt. What to do with an
authentic one is decided here from the row alone; RFC 9700, section 4.14.2 asks for the detection of reuse, and what
real clients do (retries after a lost answer, several tabs) asks for a grace.
"""

import uuid
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

COOKIE_CLIENT = "browser"
FIRST_PARTY = "gatepost"


class SessionKind(StrEnum):
    """What the client holds."""

    COOKIE = "cookie"
    TOKEN = "token"  # noqa: S105 - a kind of session


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """Lifetimes in seconds.

    Attributes:
        access_lifetime: of an access token.
        idle: of a session that is not used.
        absolute: of a session, however much it is used.
        grace: after a rotation, within which the previous token is answered with the same successor (0 to 60).
        fresh: how recent a sign-in must be for a sensitive change.
    """

    access_lifetime: int = 900
    idle: int = 14 * 86_400
    absolute: int = 90 * 86_400
    grace: int = 10
    fresh: int = 600

    @property
    def access_ms(self) -> int:
        """Milliseconds that an access token lives: no longer than its session does unused."""
        return min(self.access_lifetime, self.idle, self.absolute) * 1000


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as read, with what its user and the store say now; times in milliseconds since the Unix epoch."""

    id: uuid.UUID
    user_id: uuid.UUID
    kind: str
    client_id: str
    scope: str
    salt: bytes
    generation: int
    rotated_at: int
    access_exp: int
    idle_expires_at: int
    expires_at: int
    revoked_at: int | None
    epoch: int
    global_epoch: int
    amr: str
    auth_time: int
    seen_at: int
    user_epoch: int
    user_disabled_at: int | None
    required_global_epoch: int
    roles: str | None
    now: int

    @property
    def is_live(self) -> bool:
        """Whether the session is neither ended nor expired, under the present epochs of its user and of everybody."""
        return (
            self.revoked_at is None
            and self.now < self.idle_expires_at
            and self.now < self.expires_at
            and self.epoch == self.user_epoch
            and self.user_disabled_at is None
            and self.global_epoch >= self.required_global_epoch
        )


class Rotation(Enum):
    """What an authentic refresh token calls for."""

    DEAD = auto()
    ROTATE = auto()
    KEEP = auto()
    REPEAT = auto()
    LATE = auto()
    REUSE = auto()
    FORWARD = auto()


def judge(row: SessionRow, generation: int, *, grace: int, is_cookie: bool) -> Rotation:
    """Decide about an authentic refresh token of a session.

    Args:
        row: the session as it stands.
        generation: the token's.
        grace: seconds after a rotation within which older tokens are no theft.
        is_cookie: the token came in a cookie that all tabs of a browser share, so that a current one may arrive from
            a tab that has not seen that another has just rotated it.
    """
    if not row.is_live:
        return Rotation.DEAD
    age, grace_ms = row.now - row.rotated_at, grace * 1000
    is_recent = age <= grace_ms
    if generation > row.generation:  # the row lost writes: a restore, or a lagging replica was promoted
        return Rotation.FORWARD
    if generation == row.generation:
        # Twice the grace: an answer to a retry, which may be sent until the grace ends and then be slow, must reach the
        # cookie jar before the next generation does, or it would put an old token in the place of the new one.
        is_kept = is_cookie and age <= 2 * grace_ms and row.now < row.access_exp
        return Rotation.KEEP if is_kept else Rotation.ROTATE
    if not is_recent:
        return Rotation.REUSE
    return Rotation.REPEAT if generation == row.generation - 1 else Rotation.LATE
