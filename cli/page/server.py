"""The page's server for one person on this machine: serves the page, its items as they change, and answers.

It listens on loopback and uses the standard library only. Another site in the person's browser can neither read from it
nor send it questions: a request's Host must be this machine, and its Origin must be this server.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from cli.page import document

Items = Mapping[str, Mapping[str, Any]]
# Answers a question of the page. Raises ValueError for an unknown question, BusyError.
Ask = Callable[[Any], Any]

STREAM: Final = "/stream"
ASK: Final = "/ask"
LOOPBACK: Final = "127.0.0.1"
HEARTBEAT_SECONDS: Final = 15.0  # the longest silence of a stream; only a write detects that the reader has gone
BODY_BYTES: Final = 64 * 1024
PATIENCE_SECONDS: Final = 30.0
_HERE: Final = frozenset({LOOPBACK, "localhost", "::1"})


def is_here(host: str) -> bool:
    """Return whether a request's Host means this machine."""
    try:
        return urlsplit(f"//{host}").hostname in _HERE
    except ValueError:
        return False


class BusyError(Exception):
    """Another question is being answered."""


class Shown:
    """The items, with a stream of changes for each reader."""

    def __init__(self) -> None:
        self._items: Items = {}
        self._changed = threading.Condition()

    def show(self, items: Items) -> None:
        """Replace the items."""
        with self._changed:
            self._items = items
            self._changed.notify_all()

    def changes(self) -> Iterator[dict[str, Any]]:
        """Yield {"set": items, "gone": keys}: first everything, then the changes. A heartbeat has none."""
        known: Items = {}
        while True:
            with self._changed:
                items = self._items
            yield {
                "set": {key: item for key, item in items.items() if known.get(key) != item},
                "gone": [key for key in known if key not in items],
            }
            known = items
            with self._changed:
                if self._items is known:
                    self._changed.wait(HEARTBEAT_SECONDS)


class PageServer(ThreadingHTTPServer):
    """Serves `shown`. With `ask`, the page can send questions: `ask` gets the parsed JSON, and returns the answer."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, shown: Shown, ask: Ask | None = None) -> None:
        self.shown = shown
        self.ask = ask
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """Return the URL of the page."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a browser that has gone."""


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version = "notifier"
    sys_version = ""
    timeout = PATIENCE_SECONDS

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._is_from_here():
            self._refuse(HTTPStatus.FORBIDDEN, "this page is for this machine alone")
        elif path == "/":
            given = {"stream": STREAM, "ask": ASK if self.server.ask else None}
            self._send(HTTPStatus.OK, document.document(**given).encode(), "text/html; charset=utf-8")
        elif path == STREAM:
            self._stream()
        elif (name := path.removeprefix("/page/")) in document.ASSETS:
            self._send(HTTPStatus.OK, (document.BUNDLE / name).read_bytes(), document.ASSETS[name])
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")

    def do_POST(self) -> None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not self._is_from_here() or self.headers.get("Content-Type") != "application/json":
            self._refuse(HTTPStatus.FORBIDDEN, "this page is for this machine alone")
        elif urlsplit(self.path).path != ASK or not self.server.ask:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here")
        elif not 0 <= length <= BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {BODY_BYTES} bytes")
        else:
            self._answer(self.server.ask, self.rfile.read(length))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's
        """Do not log requests."""

    def _is_from_here(self) -> bool:
        """Return whether the request comes from the page itself, or opens it."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        return is_here(host) and origin in ((f"http://{host}",) if self.command == "POST" else (None, f"http://{host}"))

    def _answer(self, ask: Ask, body: bytes) -> None:
        try:
            answer = ask(json.loads(body))
        except (ValueError, RecursionError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except BusyError:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
        else:
            self._send(HTTPStatus.OK, json.dumps(answer).encode(), "application/json")

    def _stream(self) -> None:
        self._head(HTTPStatus.OK, "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for change in self.server.shown.changes():
            self.wfile.write(f"data: {json.dumps(change)}\n\n".encode())
            self.wfile.flush()

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.close_connection = True  # the rest of the request was not read
        self._send(status, json.dumps({"error": why}).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self._head(status, kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in document.HEADERS.items():
            self.send_header(name, value)
