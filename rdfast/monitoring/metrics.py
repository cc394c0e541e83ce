"""How the installation is doing, for Prometheus: asked of the database at every scrape.

There are several web processes, so none of them counts anything by itself.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import DatabaseError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from rdfast.monitoring import queries
from rdfast.monitoring.broker import queue_depth

Families = list[GaugeMetricFamily]


def exposition(now: Callable[[], datetime]) -> bytes:
    """Every figure in Prometheus' text format. A database or a Redis that is gone is a figure too, never an error."""
    registry = CollectorRegistry()
    registry.register(_Figures([*_of_database(now), *_of_redis()]))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, families: Families) -> None:
        self._families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families


def _of_database(now: Callable[[], datetime]) -> Families:
    try:
        families = _asked(now())  # a demo's clock is a row too
    except DatabaseError:
        return [_gauge("rdfast_database_up", "Whether the database answered.", 0)]
    return [_gauge("rdfast_database_up", "Whether the database answered.", 1), *families]


def _asked(at: datetime) -> Families:
    due = queries.deadlines_due(at)
    waiting = queries.messages_waiting(at)
    families = [
        _gauge("rdfast_deadlines_due", f"Deadlines due; counted up to {queries.COUNTED}.", due.count),
        _gauge("rdfast_deadline_lag_seconds", "How long the oldest due deadline waits.", due.lag),
        _gauge(
            "rdfast_messages_waiting", f"Messages waiting; counted up to {queries.COUNTED}.", waiting.count
        ),
        _gauge("rdfast_message_lag_seconds", "How long the oldest waiting message waits.", waiting.lag),
        _gauge("rdfast_deadlines_dead", "Deadlines that failed for good.", queries.deadlines_dead()),
        _gauge("rdfast_messages_dead", "Messages given up.", queries.messages_dead()),
        _decisions(at),
    ]
    check = queries.last_check()
    if check is not None:
        age = (at - check.at).total_seconds()
        families += [
            _gauge("rdfast_check_age_seconds", "Since the last nightly check.", age),
            _gauge("rdfast_check_offenders", "What the last nightly check found.", len(check.offenders)),
        ]
    return families


def _decisions(at: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "rdfast_decisions",
        f"Decisions of the last {queries.LATELY.days} days, by their deadline.",
        labels=["programme", "timing"],
    )
    for programme in queries.decisions_lately(at):
        family.add_metric([programme.code, "in_time"], programme.in_time)
        family.add_metric([programme.code, "late"], programme.late)
    return family


def _of_redis() -> Families:
    depth = queue_depth()
    up = _gauge("rdfast_redis_up", "Whether Redis answered in time.", depth is not None)
    if depth is None:
        return [up]
    return [up, _gauge("rdfast_celery_queue_depth", "Tasks in the queue that no worker has taken.", depth)]


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value=value)
