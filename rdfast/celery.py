"""The Celery application. Only this module and `tasks/` know Celery."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdfast.settings")

app = Celery("rdfast", task_cls="rdfast.tasks.delivery:NamedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["rdfast.tasks"])
