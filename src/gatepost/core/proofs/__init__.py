"""Proofs by mail: links and codes that say once, and for one thing, that somebody reads a mailbox."""

from gatepost.core.proofs.domain import ProofKind, ProofPolicy
from gatepost.core.proofs.flow import Consumed, Issued, ProofRefused, Proofs

__all__ = ["Consumed", "Issued", "ProofKind", "ProofPolicy", "ProofRefused", "Proofs"]
