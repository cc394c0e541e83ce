"""A mail server of the proof's own, which counts every mail it accepted by its Message-ID."""

import socketserver
import threading
from collections import Counter
from email.parser import BytesHeaderParser
from typing import Any


class Postroom(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as is needed, on a port of its own on the loopback interface."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.accepted: Counter[str] = Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


class _Line(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        try:
            self._talk()
        except ConnectionError:
            return  # who was talking was killed

    def _talk(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.strip().upper()
            if command == b"DATA":
                self._say("354 go on")
                self._take_mail()
            elif command == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take_mail(self) -> None:
        text = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return  # cut off: nothing was accepted
            text += line
        # Whoever is killed before it hears the answer sends the mail again: it counts from here on.
        with self.server.lock:
            self.server.accepted[str(BytesHeaderParser().parsebytes(text)["Message-ID"])] += 1
        self._say("250 accepted")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
