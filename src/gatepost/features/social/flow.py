"""The end of a sign-in with a provider, without HTTP.

The answer is taken once, and only in the browser that began; what the provider then says is verified; and only then is
it asked who that is here. A refusal stands in the trail with its reason, and with nothing that the provider wrote.
"""

import logging
import uuid
from collections.abc import Mapping
from typing import NoReturn

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.federation.domain import Answer, Pending, RequestKind
from gatepost.core.federation.errors import (
    ProviderDisabled,
    ProviderRefused,
    ProviderUnavailable,
    ResponseRefused,
    StateRefused,
)
from gatepost.core.federation.redeemed import Redeemed
from gatepost.core.identities.domain import Entered
from gatepost.core.runtime import Core
from gatepost.kernel.errors import AuthError, NotFound
from gatepost.storage.unit_of_work import UnitOfWork, record_evidence

_log = logging.getLogger("gatepost.social")


async def awaited(core: Core, provider: str, state: str | None, browser: str | None) -> Pending:
    """Return the request that waits for an answer in this browser.

    Raises:
        StateRefused: there is none.
        NotFound: nor is there such a provider.
    """
    try:
        return await core.requests.look(provider, core.requests.authentic(state or ""), browser)
    except StateRefused:
        if provider not in core.providers.policies:
            raise NotFound from None
        raise


async def redeemed(core: Core, pending: Pending, said: Mapping[str, str], session_id: uuid.UUID | None) -> Redeemed:
    """Take the answer of a request, once, and return who that is at the provider.

    Args:
        core: the running core.
        pending: from `awaited`.
        said: what the browser brought.
        session_id: of the session in which it came.

    Raises:
        StateRefused: it was taken already; or it links, and the session that began is not this one.
        ProviderDisabled: the settings do not know the provider any more.
        ResponseRefused, Denied, ProviderRefused, ProviderUnavailable: as in `Provider.redeem`.
    """
    if pending.kind is RequestKind.LINK and pending.session_id != session_id:
        raise StateRefused("other_session")
    taken = await core.requests.consume(pending.provider, pending.values)
    try:
        provider = core.providers.get(pending.provider)
    except NotFound:
        raise ProviderDisabled from None
    posted = core.requests.parked(taken)
    queried = Answer.of(said, was_posted=False)
    if posted is not None and (queried.code or queried.error):
        raise ResponseRefused("two_answers")
    try:
        return await provider.redeem(taken, posted or queried)
    except (ProviderUnavailable, ProviderRefused) as trouble:  # it is for who operates this, and says nothing of people
        _log.warning("signing in with %s: %s (%s)", pending.provider, trouble.code, trouble.detail)
        raise


async def code_for(core: Core, pending: Pending, who: Redeemed, origin: Origin) -> str:
    """Return the code for an application, once it was decided who that is here.

    Raises:
        AuthError: as in `Identities.enter_app`.
    """

    async def within(work: UnitOfWork, entered: Entered) -> None:
        await core.codes.issue(work, pending, entered)

    await core.identities.enter_app(who, origin, within=within)
    return core.codes.code_of(pending)


async def stopped(core: Core, refusal: AuthError, provider: str, origin: Origin) -> NoReturn:
    """Leave the evidence of a refusal, and go on with it; budgets bound how much there can be."""
    detail = {"provider": provider[:64], "code": refusal.code}
    if refusal.detail != refusal.code:
        detail["reason"] = refusal.detail
    refusal.evidence = (audit_step(core.clock, AuditEvent.IDENTITY_REFUSED, origin=origin, detail=detail),)
    await record_evidence(core.database, refusal)
    raise refusal
