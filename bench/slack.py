"""A Slack that only says yes, over kept-alive TLS: the floor must not be made of the stand-in's own work.

`python -m bench.slack PORT CERT KEY MILLISECONDS`
"""

from __future__ import annotations

import socketserver
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler

BODY = b'{"ok":true,"channel":"C0LABORDERS","ts":"1732263600.000100"}'


class Yes(BaseHTTPRequestHandler):
    """Answers each POST alike."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seconds = 0.0

    def do_POST(self) -> None:
        """Read the request, and say yes after a while."""
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.seconds)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        self.wfile.write(head.encode() + BODY)

    do_GET = do_POST  # noqa: N815


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
