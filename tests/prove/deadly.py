"""rdfast's Celery application for a beat or worker that dies once at one boundary.

`celery --app tests.prove.deadly worker`. The boundary and the file that remembers the death are in the environment.
"""

import os
import signal
from pathlib import Path

from rdfast.celery import app
from rdfast.core import boundaries

__all__ = ["app"]

DIES_AT, REMEMBERED_IN = "RDFAST_DIES_AT", "RDFAST_DIED"


def _die_once(reached: str) -> None:
    if reached != os.environ[DIES_AT]:
        return
    try:
        Path(os.environ[REMEMBERED_IN]).open("x").close()
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


if DIES_AT in os.environ:
    boundaries.watch(_die_once)
