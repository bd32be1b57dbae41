"""Attempt budgets: how often somebody may try, counted exactly under any concurrency (GCRA, ITU-T I.371).

Account budgets live in SQL, so that no lost cache gives anybody more attempts; address budgets may live in Redis.
`redis.py` is imported only where Redis is used: its driver is an extra.
"""

from gatepost.core.throttle.domain import AccountStore, Budget, Level, Refusal, ThrottleStore, Unit, network_of
from gatepost.core.throttle.guard import Taken, Throttle

__all__ = ["AccountStore", "Budget", "Level", "Refusal", "Taken", "Throttle", "ThrottleStore", "Unit", "network_of"]
