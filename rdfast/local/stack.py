"""The three programs of an installation, with the options they are run with."""

import sys
from pathlib import Path

WEB_WORKERS = 2
# A worker's threads share the processor: few are enough, and each keeps a database connection.
WEB_THREADS = 4
CELERY_PROCESSES = 2


def web(port: int) -> list[str]:
    """The web server, on the loopback interface."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "2"),
        "rdfast.wsgi:application",
    ]


def worker() -> list[str]:
    """The Celery worker. It needs no news from other workers."""
    return [
        *(sys.executable, "-m", "celery", "--app", "rdfast.celery", "worker", "--loglevel", "INFO"),
        *("--concurrency", str(CELERY_PROCESSES), "--without-gossip", "--without-mingle"),
    ]


def beat(schedule: Path) -> list[str]:
    """The Celery beat. Its file is a cache: the schedule is in the settings."""
    return [
        *(sys.executable, "-m", "celery", "--app", "rdfast.celery", "beat", "--loglevel", "INFO"),
        *("--schedule", str(schedule)),
    ]
