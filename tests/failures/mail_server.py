"""A mail server that can hang, refuse, and come to itself again."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as is needed, on the loopback interface. `says` answers addresses, or AUTH, otherwise."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.awake = threading.Event()
        self.awake.set()
        self.says: dict[str, str] = {}
        self.accepted: list[str] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def hang(self) -> None:
        """From now on take connections and say nothing on them."""
        self.awake.clear()

    def wake(self) -> None:
        self.awake.set()


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        self.server.connections += 1
        if not self.server.awake.is_set():
            self.server.awake.wait()
            return
        try:
            self._talk()
        except ConnectionError:
            return

    def _talk(self) -> None:
        self._say("220 here")
        address = ""
        while line := self.rfile.readline().decode().strip():
            if line.upper().startswith(("MAIL FROM:", "RCPT TO:")):
                address = line.partition("<")[2].partition(">")[0]
                self._say(self.server.says.get(address, "250 ok"))
            elif line.upper().startswith("EHLO"):
                self._say("250-here")
                self._say("250 AUTH PLAIN")
            elif line.upper().startswith("AUTH"):
                self._say(self.server.says.get("AUTH", "235 welcome"))
            elif line.upper() == "DATA":
                self._say("354 go on")
                while self.rfile.readline() not in {b".\r\n", b""}:
                    pass
                self.server.accepted.append(address)
                self._say("250 accepted")
            elif line.upper() == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """One that works."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.wake()
            server.shutdown()
