"""Every request of the stand-alone server has an id: in its log lines, its audit rows, and the header of its answer.

A proxy's own id is taken over, but only where a proxy of ours is configured and the id is a plain word: a stranger must
not choose what stands in our log.
"""

import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gatepost.kernel.logs import request_id
from gatepost.web.origin import REQUEST_ID, REQUEST_ID_FORM

_HEADER = b"x-request-id"


class RequestIds:
    """Wraps the server's application.

    Args:
        app: what it wraps.
        trusts_header: a proxy of ours stands before this process.
    """

    def __init__(self, app: ASGIApp, *, trusts_header: bool) -> None:
        self._app = app
        self._trusts_header = trusts_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        identifier = self._given(scope) or secrets.token_hex(16)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [(name, value) for name, value in message.get("headers", ()) if name.lower() != _HEADER]
                message = {**message, "headers": [*others, (_HEADER, identifier.encode())]}
            await send(message)

        token = request_id.set(identifier)
        try:
            await self._app({**scope, REQUEST_ID: identifier}, receive, send_with_id)
        finally:
            request_id.reset(token)

    def _given(self, scope: Scope) -> str | None:
        if not self._trusts_header:
            return None
        found = [value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER]
        return found[0] if len(found) == 1 and REQUEST_ID_FORM.fullmatch(found[0]) else None
