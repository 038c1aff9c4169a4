"""Somebody at a socket who has a secret to tell, and remembers who asked."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

_LOOKS_S = 0.2
# A caller that says nothing is not waited for any longer.
_SAYS_S = 2.0


class Listener:
    """Answers every connection and every datagram with the secret; ``heard`` is what it was told."""

    def __init__(self, secret: str, at: socket.socket) -> None:
        self.socket = at
        self.heard: list[bytes] = []
        self._secret = secret.encode()
        self._closing = threading.Event()
        at.settimeout(_LOOKS_S)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when nobody listens any more.

        A call that still waits on a closed socket may be begun again by the system, with a number that is another
        socket's by then: this thread would answer somebody else's callers.
        """
        self._closing.set()
        self._thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            # One caller who hangs up must not make it deaf to the next.
            with suppress(OSError):
                self._answer()

    def _answer(self) -> None:
        if self.socket.type is socket.SOCK_DGRAM:
            said, sender = self.socket.recvfrom(1000)
            self.heard.append(said)
            self.socket.sendto(self._secret, sender)
            return
        connection, _ = self.socket.accept()
        with connection:
            connection.settimeout(_SAYS_S)
            try:
                self.heard.append(connection.recv(1000))
            except OSError:
                self.heard.append(b"")
                raise
            connection.sendall(self._secret)
