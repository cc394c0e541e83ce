"""Celery's doors: one call each, safe to run twice. The truth is a row; a lost task is found by the next tick."""

from rdfast.celery import app
from rdfast.flow import deadlines
from rdfast.monitoring import operations as monitoring
from rdfast.outbox import operations as outbox
from rdfast.timers import clock


@app.task(name="rdfast.tasks.sweep")  # type: ignore[untyped-decorator]
def sweep() -> int:
    """Act on the deadlines that are due."""
    return deadlines.sweep(at=clock.now())


@app.task(name="rdfast.tasks.deliver")  # type: ignore[untyped-decorator]
def deliver() -> int:
    """Deliver the messages that wait."""
    return outbox.deliver_waiting(at=clock.now())


@app.task(name="rdfast.tasks.check")  # type: ignore[untyped-decorator]
def check() -> bool:
    """Check what must always be true, once a night; whether it was checked now."""
    return monitoring.check_tonight(at=clock.now()) is not None
