"""Every request that this server makes to somebody else's: one hardened client (OWASP, server-side request forgery)."""

from gatepost.outbound.answer import Answer, OutboundFailed, Reason
from gatepost.outbound.client import Outbound
from gatepost.outbound.destination import OutboundPolicy, Resolver, checked_url, resolve

__all__ = ["Answer", "Outbound", "OutboundFailed", "OutboundPolicy", "Reason", "Resolver", "checked_url", "resolve"]
