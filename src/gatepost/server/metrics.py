"""What the stand-alone server measures, in the text format of Prometheus.

Events are counted when they are committed, by the closed set of the audit trail; no label ever holds a user, an address
or anything else that a stranger could choose. Several workers count together through files of their own
(`PROMETHEUS_MULTIPROC_DIR`, which `gatepost serve --workers` sets); the gauges are those of the worker that answers.
"""

import os
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import BigInteger, func, select

from gatepost.core.audit.store import append
from gatepost.core.runtime import Core
from gatepost.gate import Gatepost
from gatepost.kernel.errors import AuthError
from gatepost.storage.schema import outbox
from gatepost.storage.statement import Statement, store_now_ms

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_waiting = Statement(
    select(
        outbox.c.channel,
        func.count(type_=BigInteger),
        (store_now_ms() - func.min(outbox.c.created_at)).label("age_ms"),
    ).group_by(outbox.c.channel)
)


class Metrics:
    """The measurements of one process."""

    def __init__(self, gate: Gatepost[Any]) -> None:
        self._gate = gate
        self._registry = CollectorRegistry()
        self._events = Counter(
            "gatepost_events", "Events of the audit trail that were committed.", ["event"], registry=self._registry
        )
        self._requests = Histogram(
            "gatepost_http_request_seconds",
            "Time from a request to its answer.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self._registry,
        )

    def watch(self, core: Core) -> None:
        """Count what a running core commits."""
        core.database.watchers.on(append, lambda values: self._events.labels(values["event"]).inc())

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Take in one request."""
        self._requests.labels(method, route, f"{status // 100}xx").observe(seconds)

    async def text(self) -> bytes:
        """Return everything in the text format."""
        registry = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # theirs
        gauges = CollectorRegistry()
        gauges.register(_Gauges(list(await self._gauges())))
        return generate_latest(registry) + generate_latest(gauges)

    async def _gauges(self) -> list[Metric]:
        health = await self._gate.health()
        found = [_gauge("gatepost_ready", "1 where requests can be decided now.", float(health.is_ready))]
        try:
            core = self._gate.core
            pool = core.passwords.hasher
            found += [
                _gauge(
                    "gatepost_feed_fresh", "1 where the index of revocations is fresh.", float(core.feed.is_fresh())
                ),
                _gauge("gatepost_hash_threads", "Password hashes that may run at once.", pool.threads),
                _gauge("gatepost_hash_queue", "Password hashes that run or wait.", pool.taken),
                _gauge("gatepost_revocations_held", "Ended sessions that the index holds.", len(core.feed.index.ended)),
                *await _of_outbox(core),
            ]
        except AuthError:  # not started, or no database: `gatepost_ready` says so
            pass
        return found


class _Gauges:
    """Families that were read already, as a collector."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._families


async def _of_outbox(core: Core) -> list[Metric]:
    count = GaugeMetricFamily("gatepost_outbox_waiting", "What waits to be sent.", labels=["channel"])
    age = GaugeMetricFamily("gatepost_outbox_oldest_seconds", "Age of the oldest that waits.", labels=["channel"])
    for channel, waiting, age_ms in await core.database.hot.read(_waiting):
        count.add_metric([channel], waiting)
        age.add_metric([channel], age_ms / 1000)
    return [count, age]


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
