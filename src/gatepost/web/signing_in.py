"""What every way to sign in does with the session that the browser had before."""

import contextlib

from gatepost.core.audit import Origin
from gatepost.core.runtime import Core
from gatepost.kernel.errors import NotAuthenticated


async def end_cookie(core: Core, value: str | None, origin: Origin) -> None:
    """End the session of a cookie, whatever it holds."""
    if value is None:
        return
    with contextlib.suppress(NotAuthenticated):
        principal = await core.authenticator.cookie(value)
        await core.sessions.end(principal.session_id, principal.user_id, origin=origin)
