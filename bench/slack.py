"""A Slack that accepts every post, over persistent TLS connections: cheaper than the stand-in, whose work would count.

A GET of any path returns the number of posts, so that a benchmark can check that each of its rounds posted.

`python -m bench.slack PORT CERT KEY MILLISECONDS`
"""

from __future__ import annotations

import socketserver
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

BODY = b'{"ok":true,"channel":"C0LABORDERS","ts":"1732263600.000100"}'


class Yes(BaseHTTPRequestHandler):
    """Accepts every POST with the same response, and counts it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seconds = 0.0
    posts = 0
    counting = threading.Lock()

    def do_POST(self) -> None:
        """Read the request, and respond after the delay."""
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.counting:
            Yes.posts += 1
        time.sleep(self.seconds)
        self._answer(BODY)

    def do_GET(self) -> None:
        """Return the number of posts."""
        self._answer(str(Yes.posts).encode())

    def _answer(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_: object) -> None:
        """Log nothing: a log line per post would take time."""


class Server(socketserver.ThreadingTCPServer):
    """A server with one thread per connection."""

    daemon_threads = True
    allow_reuse_address = True


def main() -> None:
    """Serve until ended."""
    port, cert, key, milliseconds = sys.argv[1:]
    Yes.seconds = int(milliseconds) / 1000
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Server(("127.0.0.1", int(port)), Yes) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
