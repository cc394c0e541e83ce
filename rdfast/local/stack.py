"""The three programs of an installation, with the options they are run with."""

import sys
from pathlib import Path

WEB_WORKERS = 2
# A worker's threads share the processor: few are enough, and each keeps a database connection.
WEB_THREADS = 4
CELERY_PROCESSES = 2
# Seconds a web worker has to finish what it is answering when it is asked to go.
WEB_GOODBYE = 8
# Seconds an old web worker stays beside its successor at a restart. On a port each has a queue of callers of its own, so
# the new one must listen by then, also on a busy machine: after granian's 3.5 s callers were refused.
WEB_OVERLAP = 15


def web(port: int) -> list[str]:
    """The web server, on the loopback interface."""
    return _web("--host", "127.0.0.1", "--port", str(port), "--respawn-interval", str(WEB_OVERLAP))


def web_on(socket: Path) -> list[str]:
    """The web server on a Unix socket, for a proxy of the same machine: its workers share one queue of callers, so
    that a restart turns nobody away."""
    return _web("--uds", str(socket))


def _web(*where: str) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", *where),
        *("--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(WEB_GOODBYE)),
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
