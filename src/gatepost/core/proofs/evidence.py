"""What a refused proof leaves in the trail; attempt budgets bound how much there can be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gatepost.core.audit import AuditEvent, Origin, audit_step
from gatepost.core.proofs.domain import ProofKind
from gatepost.core.proofs.flow import ProofRefused
from gatepost.storage.database import Database
from gatepost.storage.unit_of_work import record_evidence


@asynccontextmanager
async def refusals_recorded(database: Database, kind: ProofKind, origin: Origin) -> AsyncIterator[None]:
    """Record a refusal of a proof in the block, which is no transaction itself."""
    try:
        yield
    except ProofRefused as refusal:
        detail = {"purpose": kind.value, "code": refusal.code}
        refusal.evidence = (audit_step(database.clock, AuditEvent.PROOF_REFUSED, origin=origin, detail=detail),)
        await record_evidence(database, refusal)
        raise
