"""An HTTP(S) server on a real socket that answers each request with the next step of a script, even malformed ones."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message as Headers
from email.parser import BytesHeaderParser

from handler.adapters.http.exchange import Exchange
from lab.tls import Certificate


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Headers
    body: bytes


# Handles one request; the connection is kept open if it returns True.
Step = Callable[[socket.socket, threading.Event], bool]


def http(status: int, body: bytes, **headers: str) -> bytes:
    named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status} Reason\r\n{lines}\r\n".encode() + body


def answer(status: int = 200, body: bytes = b"", *, keep: bool = True, **headers: str) -> Step:
    return send(http(status, body, **headers), keep=keep)


def send(data: bytes, *, keep: bool = False) -> Step:
    """Send these bytes as they are; then close the connection, unless `keep`."""

    def step(connection: socket.socket, over: threading.Event) -> bool:
        connection.sendall(data)
        return keep

    return step


def reset(connection: socket.socket, over: threading.Event) -> bool:
    """Read the whole request, then reset the connection without a response."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return False


def hang(connection: socket.socket, over: threading.Event) -> bool:
    """Send nothing until the test is over."""
    over.wait(60)
    return False


def drip(data: bytes, pause: float = 0.05) -> Step:
    """Send one byte after each pause, so that no read times out."""

    def step(connection: socket.socket, over: threading.Event) -> bool:
        with suppress(OSError):
            for byte in data:
                if over.wait(pause):
                    break
                connection.sendall(bytes([byte]))
        return False

    return step


@dataclass
class Scripted:
    """A running server. `requests` are those that were read completely, `connections` counts those accepted."""

    port: int
    scheme: str
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"


@contextmanager
def scripted(*steps: Step, certificate: Certificate | None = None) -> Iterator[Scripted]:
    """Run a server with a script whose last step repeats; with a certificate, over TLS."""
    context = _context(certificate) if certificate else None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(listener.getsockname()[1], "https" if context else "http")
        run = _Run(server, list(steps), context)
        acceptor = threading.Thread(target=run.accept, args=(listener,))
        acceptor.start()
        try:
            yield server
        finally:
            run.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            run.cut()
            acceptor.join()
            for worker in run.workers:
                worker.join()


@contextmanager
def deaf() -> Iterator[Scripted]:
    """Run a port that accepts connections and sends nothing: no TLS handshake completes, and no request is read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Scripted(listener.getsockname()[1], "https")


@contextmanager
def closed() -> Iterator[Scripted]:
    """Yield a port that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield Scripted(taken.getsockname()[1], "https")


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    return context


class _Run:
    def __init__(self, server: Scripted, steps: Sequence[Step], context: ssl.SSLContext | None) -> None:
        self.server = server
        self.over = threading.Event()
        self.workers: list[threading.Thread] = []
        self._steps = list(steps)
        self._context = context
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while not self.over.is_set():
                connection, _ = listener.accept()
                self.server.connections += 1
                worker = threading.Thread(target=self._serve, args=(connection,))
                self.workers.append(worker)
                worker.start()

    def cut(self) -> None:
        with self._lock, suppress(OSError):
            for connection in self._open:
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, raw: socket.socket) -> None:
        with raw, suppress(OSError):
            raw.settimeout(60)
            with self._context.wrap_socket(raw, server_side=True) if self._context else raw as connection:
                with self._lock:
                    self._open.add(connection)
                try:
                    while not self.over.is_set() and self._one(connection):
                        pass
                finally:
                    with self._lock:
                        self._open.discard(connection)

    def _one(self, connection: socket.socket) -> bool:
        request = _read(connection)
        if request is None:
            return False
        with self._lock:
            self.server.requests.append(request)
            step = self._steps[0] if len(self._steps) == 1 else self._steps.pop(0)
        return step(connection, self.over)


def _read(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        data += chunk
        if data.startswith(b"\x16"):  # a TLS handshake with a server without TLS
            connection.sendall(http(400, b""))
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    line, _, fields = head.partition(b"\r\n")
    headers = BytesHeaderParser().parsebytes(fields)
    while len(body) < int(headers.get("Content-Length", "0")):
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        body += chunk
    method, target, _ = line.decode().split(" ")
    return Request(method, target, headers, body)


def hung_up_on(exchange: Exchange) -> bool:
    """Return whether the exchange has noticed that the server closed its only connection."""
    pools = exchange._pools.pools
    (idle,) = [one for key in pools.keys() for one in pools[key].pool.queue if one]  # noqa: SIM118 - it has no iterator
    return _settled(lambda: not idle.is_connected)


def _settled(check: Callable[[], bool]) -> bool:
    """Return whether the check becomes true within a short time, while the server's threads catch up."""
    for _ in range(200):
        if check():
            return True
        time.sleep(0.01)
    return check()
