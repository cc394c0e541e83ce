"""How long the database lets a program wait, work and idle. A command has no limits: whoever runs it watches it.

And after how many seconds a task ends its turn, whatever is left: long before `CELERY_TASK_SOFT_TIME_LIMIT` would
end it in the middle of something.
"""

from django.conf import settings
from django.db import connections

TURN = 30.0


def hold_to(role: str) -> None:
    """Hold every connection that this process opens from now on to the limits of its role, `web` or `worker`.

    They travel with the opening of the connection and cost nothing. What DATABASE_URL says goes before them.
    """
    limits = " ".join(f"-c {name}={seconds}s" for name, seconds in settings.DATABASE_LIMITS[role].items())
    options = connections["default"].settings_dict["OPTIONS"]
    options["options"] = f"{limits} {options.get('options', '')}".rstrip()
