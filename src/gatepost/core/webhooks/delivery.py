"""One POST to somebody else's server, by the client that every request of ours takes; nobody reads the answer."""

import ssl
from collections.abc import Mapping
from typing import Literal

from gatepost.core.webhooks.domain import NotDelivered, WebhookPolicy
from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy, Resolver, resolve

_TOTAL_TIMEOUT_S = 15.0
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Gatepost-Webhooks"}


class Delivery:
    """Posts messages; one for each process."""

    def __init__(
        self, policy: WebhookPolicy, *, resolver: Resolver = resolve, verify: ssl.SSLContext | Literal[True] = True
    ) -> None:
        reach = OutboundPolicy(allows_private=policy.allows_private, allows_http=policy.allows_http)
        self._outbound = Outbound(reach, resolver=resolver, verify=verify)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send a body and return the status of the answer.

        Raises:
            NotDelivered: refused by us, or nobody answered in time.
        """
        plain = url.partition("#")[0]
        try:
            answer = await self._outbound.post(
                plain, body, {**_HEADERS, **headers}, limit=None, timeout=_TOTAL_TIMEOUT_S
            )
        except OutboundFailed as failure:
            raise NotDelivered(str(failure)) from None
        return answer.status  # whatever it says, the status is the answer

    async def close(self) -> None:
        """Close every connection."""
        await self._outbound.close()
