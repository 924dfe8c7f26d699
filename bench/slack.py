"""A Slack that only says yes, over kept-alive TLS: the floor must not be made of the stand-in's own work.

A GET of any path returns how many posts there were, so that a bench can check that each of its rounds posted.

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
    """Answers each POST alike, and counts it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seconds = 0.0
    posts = 0
    counting = threading.Lock()

    def do_POST(self) -> None:
        """Read the request, and say yes after a while."""
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.counting:
            Yes.posts += 1
        time.sleep(self.seconds)
        self._answer(BODY)

    def do_GET(self) -> None:
        """Say how many posts there were."""
        self._answer(str(Yes.posts).encode())

    def _answer(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_: object) -> None:
        """Log nothing: a line for each post is work of its own."""


class Server(socketserver.ThreadingTCPServer):
    """One thread a connection."""

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
