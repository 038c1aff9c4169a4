"""The HTTP server: the API below ``/api/v3``, and pages for people everywhere else."""

from __future__ import annotations

import contextlib
import socket
import threading
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tests.github import page
from tests.github.hub import Hub
from tests.github.service import Service, encoded


class Server(ThreadingHTTPServer):
    """Serves one hub on a loopback port; ``port`` 0 takes a free one. One request at a time, whoever asks."""

    daemon_threads = True

    def __init__(self, hub: Hub, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.hub = hub
        hub.web = f"http://127.0.0.1:{self.server_port}"
        self.service = Service(hub)
        self.turn = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write for each answer, sent at once: small answers on a kept connection would else wait 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Server
    _TYPES: ClassVar[dict[bool, str]] = {True: "application/json; charset=utf-8", False: "text/html; charset=utf-8"}

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.turn:
            if not self.path.startswith("/api/"):
                status, html = page.serve(self.server.hub, self.path)
                self._send(status, {}, html.encode(), api=False)
                return
            answer = self.server.service.answer(self.command, self.path, dict(self.headers), sent)
            if answer is None:
                self._hang_up()
                return
            self._send(answer.status, dict(answer.headers), encoded(answer), api=True)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # http.server looks for these names

    def _send(self, status: int, headers: dict[str, str], body: bytes, *, api: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", self._TYPES[api])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """What time it is here, whatever it is elsewhere."""
        return format_datetime(self.server.hub.now(), usegmt=True)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name for it
        """The log is the service's."""
