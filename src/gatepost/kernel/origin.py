"""Where a request came from."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as far as it can be believed.

    Attributes:
        ip: the client's address, by the configured count of proxies.
        user_agent: what the client calls itself, cut to 400 characters.
        request_id: ours, or the proxy's where it is a plain token.
        language: the one that it would like best (RFC 5646), for mails.
        actor_id: who sent it, as its credential says; of an administrator who acts as a user, the administrator.
    """

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    actor_id: uuid.UUID | None = None
    language: str | None = None

    @property
    def words(self) -> dict[str, str]:
        """What a mail says of it."""
        known = {"ip": self.ip, "user_agent": self.user_agent}
        return {name: value for name, value in known.items() if value is not None}


NOWHERE = Origin()
