"""The Celery application. Only this module and `tasks/` know Celery."""

import os

from celery import Celery, signals

from rdfast.core import limits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdfast.settings")

app = Celery("rdfast", task_cls="rdfast.tasks.delivery:NamedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["rdfast.tasks"])


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _hold_to_limits(**_facts: object) -> None:
    """Before the worker's children are made: they inherit it."""
    limits.hold_to("worker")


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _log_as_the_settings_say(**_facts: object) -> None:
    """That somebody listens to this signal is why Celery leaves the log as Django has set it up."""
