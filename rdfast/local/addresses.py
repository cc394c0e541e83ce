"""Where this checkout keeps its data, and where its embedded servers answer.

Standard library only, and nothing here touches the disk: the settings import it.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parent.parent.parent

# A socket's path may have 103 characters on macOS and 107 on Linux; a URL's host loses its capitals.
LONGEST_SOCKET_PATH = 80
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
PLAIN = re.compile(r"[a-z0-9/._-]+")


def data_folder() -> Path:
    """Everything a running checkout writes: database, queue, uploaded files, logs."""
    return Path(os.environ.get("RDFAST_DATA") or CHECKOUT / ".local").absolute()


def socket_folder(data: Path | None = None) -> Path:
    """The folder of the servers' sockets: beside the data, or a short one where that path is unfit."""
    data = data or data_folder()
    beside = data / "sockets"
    return beside if _fit_for_sockets(beside) else _short_folder(data)


def web_port() -> str:
    """The port of this checkout's web server, as `make run` is told it."""
    return os.environ.get("PORT") or "8000"


def postgres_socket(data: Path | None = None) -> Path:
    return socket_folder(data) / ".s.PGSQL.5432"


def redis_socket(data: Path | None = None) -> Path:
    return socket_folder(data) / "redis.sock"


def database_url(data: Path | None = None) -> str:
    """The embedded PostgreSQL, in the form dj-database-url reads: the host is the socket's folder."""
    return f"postgres://rdfast@{quote(str(socket_folder(data)), safe='')}:5432/rdfast"


def redis_url(data: Path | None = None) -> str:
    """The embedded Redis-protocol server, in the form Celery reads."""
    return f"redis+socket://{redis_socket(data)}"


def _fit_for_sockets(folder: Path) -> bool:
    short = len(str(folder)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH
    return short and PLAIN.fullmatch(str(folder)) is not None


def _short_folder(data: Path) -> Path:
    """One folder per user and data folder, so that two checkouts run side by side."""
    mark = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    name = f"rdfast-{os.getuid()}-{mark}"
    folder = Path(tempfile.gettempdir()) / name
    return folder if _fit_for_sockets(folder) else Path("/tmp") / name  # noqa: S108 - made 0700 and checked


def demo_mark() -> Path:
    """The file by which commands know that the embedded servers of this checkout hold a demonstration."""
    return data_folder() / "demo"
