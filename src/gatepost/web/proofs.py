"""A proof by mail on the wire: the token of a link, or an address with the code that was typed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gatepost.core.proofs import Consumed, ProofKind
from gatepost.core.runtime import Core
from gatepost.kernel.text import normalize_email

Address = Annotated[str, Field(max_length=320)]
Token = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(max_length=16)]


class ByToken(BaseModel):
    """What a link carried."""

    model_config = ConfigDict(extra="forbid")

    token: Token


class ByCode(BaseModel):
    """What a person typed from a mail, and where it was sent."""

    model_config = ConfigDict(extra="forbid")

    email: Address
    code: Code


class ToAddress(BaseModel):
    """Where somebody asks that a mail be sent."""

    model_config = ConfigDict(extra="forbid")

    email: Address


def address_of(given: ByToken | ByCode) -> str | None:
    """Return the normalized address that attempts are counted for; a token is not guessed, and has none.

    Raises:
        InvalidInput: it is no address.
    """
    return normalize_email(given.email) if isinstance(given, ByCode) else None


async def presented(core: Core, kind: ProofKind, given: ByToken | ByCode) -> Consumed:
    """Return what was presented, not yet used up; an attempt at a code is counted.

    Nobody's address costs the same two statements as somebody's.

    Raises:
        ProofRefused: it is not good, whatever the reason.
        InvalidInput: it is no address.
    """
    if isinstance(given, ByToken):
        return await core.proofs.look(kind, given.token)
    user = await core.users.find(normalize_email(given.email))
    proof_id = await core.proofs.guess(kind, user.id if user is not None else None, plain(given.code))
    assert user is not None  # noqa: S101 - nobody has a proof
    return Consumed(proof_id, user.id, user.email)


def plain(code: str) -> str:
    """Return a code without the spaces and hyphens that people put into one."""
    return code.replace(" ", "").replace("-", "")
