"""What every task of ours has from Celery: its boundaries are named, and it is the cause of what it records."""

from typing import Any

from celery import Task
from celery.worker.request import Request

from rdfast.audit.causes import because
from rdfast.core import boundaries


class NamedRequest(Request):  # type: ignore[misc]
    """A message in the worker's hands. Acknowledged, it is gone from the queue."""

    @boundaries.around("acknowledgement")
    def acknowledge(self) -> None:
        super().acknowledge()


class NamedTask(Task):  # type: ignore[misc]
    """A task that beat puts into the queue."""

    Request = "rdfast.tasks.delivery:NamedRequest"

    @boundaries.around("publishing")
    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        return super().apply_async(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with because(f"task:{self.request.id or 'direct'}"):
            return self.run(*args, **kwargs)
