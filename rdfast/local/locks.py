"""File locks that the kernel releases, whatever happens to their holder."""

import fcntl
import os
from pathlib import Path


def try_lock(path: Path) -> int | None:
    """An open descriptor that holds the lock, or None if someone else holds it.

    A child that inherits the descriptor goes on holding the lock after we close ours.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
