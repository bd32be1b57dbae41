"""A thing of somebody: its owner gets it, and for others it is not there (OWASP API1:2023, object level authorization).

404 instead of 403: who may not have a thing does not learn that it exists.
"""

import uuid
from collections.abc import Callable
from typing import Annotated, Any

from fastapi.params import Depends
from starlette.requests import HTTPConnection

from gatepost.kernel.errors import AuthError, NotFound
from gatepost.kernel.principal import Principal
from gatepost.web.denials import recorded
from gatepost.web.errors import as_http_exception
from gatepost.web.guard import PrincipalGuard, Requirement, any_of, enforce_at, require
from gatepost.web.host import GuardHost, find_host
from gatepost.web.requirements import Forbidden, Need

OWNER_MARK = "__gatepost_owner__"


def require_owner(owner: Callable[..., Any], *others: Requirement, host: GuardHost | None = None) -> Depends:
    """Ask that the caller owns the thing in the path, or meets one of `others`; for everybody else it is not there.

    Args:
        owner: a FastAPI dependency (path parameters, a database session), plain or `async`, that returns the id of the
            user whose the thing is, or None where there is no such thing. It is asked after the caller is known.
        others: who else may have it: `require(permission="articles.drop")`.
        host: bind to one Gatepost of several, where no `gate.require(...)` among `others` does.
    """
    wide: Any = any_of(*others) if others else require(check=_nobody, host=host)
    others_need: Need = wide.need
    bound: GuardHost | None = host or wide.host

    async def owned(
        connection: HTTPConnection,
        principal: Annotated[Principal, Depends(PrincipalGuard(bound))],
        owner_id: Annotated[object, Depends(owner)],
    ) -> Principal:
        if _is(principal, owner_id):
            return principal
        refusal: AuthError = NotFound()
        if owner_id is not None:
            here = bound or find_host(connection)
            try:
                await enforce_at(here, others_need, principal)
            except Forbidden as error:
                refusal = await recorded(here, connection, principal, NotFound(error.detail))
            except AuthError as error:  # a sign-in that is not recent: whoever gets so far may know of the thing
                refusal = error
            else:
                return principal
        raise as_http_exception(connection, refusal, was_presented=False)

    setattr(owned, OWNER_MARK, others_need if others else None)
    return Depends(owned)


def _nobody(_: Principal) -> bool:
    return False


def _is(principal: Principal, owner_id: object) -> bool:
    """Whether an id as hosts keep it, a UUID or its text, is the caller's."""
    if isinstance(owner_id, uuid.UUID):
        return owner_id == principal.user_id
    return isinstance(owner_id, str) and owner_id.replace("-", "").lower() == principal.user_id.hex
