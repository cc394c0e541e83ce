"""Beat and worker as an installation runs them, one of which dies at a boundary and is started again."""

import os
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from rdfast.local import addresses, stack
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from tests import databases, make
from tests.prove import deadly
from tests.stack import PrivateRedis, Program, wait_until

AT_WORK = [
    "tasks.delivery.NamedTask.apply_async, before its publishing",
    "tasks.delivery.NamedTask.apply_async, after its publishing",
    "tasks.delivery.NamedRequest.acknowledge, before its acknowledgement",
    "tasks.delivery.NamedRequest.acknowledge, after its acknowledgement",
]


def crash_at_work(name: str) -> list[str]:
    """Let beat or worker die at the boundary while mails wait; give what is lost, doubled or stuck afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rdfast-crash-"))
    redis = PrivateRedis(folder)
    redis.start()
    died = folder / "died"
    env = {
        **os.environ,
        "DATABASE_URL": databases.url(),
        "REDIS_URL": redis.url,
        deadly.DIES_AT: name,
        deadly.REMEMBERED_IN: str(died),
    }
    make.submitted(make.world(at=timezone.now() - timedelta(minutes=5)), at=timezone.now())
    programs = [
        Program(_deadly(stack.worker()), folder / "worker.log", env),
        Program(_deadly(stack.beat(folder / "beat")), folder / "beat.log", env),
    ]
    try:
        wait_until(lambda: _restarted(programs, died), within=60)
        wait_until(_all_delivered, within=60)
        tried = set(Message.objects.values_list("attempts", flat=True))
        return [f"{name}: messages were tried {tried} times"] * (tried != {1}) + broken(at=timezone.now())
    except AssertionError:
        said = "\n".join(program.said()[-2000:] for program in programs)
        return [f"{name}: mails are stuck. {said}"]
    finally:
        for program in programs:
            program.kill()
        redis.stop()
        shutil.rmtree(addresses.socket_folder(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _deadly(command: list[str]) -> list[str]:
    return ["tests.prove.deadly" if part == "rdfast.celery" else part for part in command]


def _restarted(programs: list[Program], died: Path) -> bool:
    """Whether the boundary was deadly and what died runs again, as a supervisor would see to."""
    for program in programs:
        if program.process.poll() is not None:
            program.kill()
            program.start_again()
            return died.exists()
    return False


def _all_delivered() -> bool:
    return not Message.objects.exclude(status=Message.Status.DELIVERED).exists()
