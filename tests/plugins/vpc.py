"""A VPC for the whole run, and helpers to run servers and requests in its hosts."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from lab.processes import child, wait_until
from lab.vpc import Vpc, VpcMissingError, running_vpc

START_SECONDS = 20.0

# Responds with its name and its client's address; with status 503 on /health while a file exists; with a large body on
# /much.
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

name, port, sick = sys.argv[1:]

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(503 if self.path == "/health" and Path(sick).exists() else 200)
        text = name.encode() * 500_000 if self.path == "/much" else f"{name} to {self.client_address[0]}".encode()
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100
    def server_bind(self):
        TCPServer.server_bind(self)  # HTTPServer would look up its own name too
    def handle_error(self, *_):
        pass

server = Server(("", int(port)), Handler)
print("ready", flush=True)
server.serve_forever()
"""
ASKER = """
import http.client, sys
host, port, path = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=5)
connection.request("GET", path)
answer = connection.getresponse()
print(answer.status, answer.read().decode())
"""


@pytest.fixture(scope="session")
def vpc(missing: Callable[[str], NoReturn]) -> Iterator[Vpc]:
    """A VPC without faults (lab/vpc). Tests that inject faults use `breakable_vpc` instead."""
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        try:
            with running_vpc(Path(folder)) as vpc:
                yield vpc
        except VpcMissingError as error:
            missing(str(error))


@pytest.fixture
def breakable_vpc(vpc: Vpc) -> Iterator[Vpc]:
    """`vpc` for tests that break its network, which is restored afterwards."""
    yield vpc
    vpc.restore()


@contextmanager
def serving(vpc: Vpc, host: str, port: int = 8080) -> Iterator[Path]:
    """Run a server in a host, and yield a path: while a file exists there, the health check fails."""
    sick, log = vpc.folder / f"{host}-is-sick", vpc.folder / f"{host}-{port}.log"
    log.unlink(missing_ok=True)
    command = vpc.command(host, [sys.executable, "-c", SERVER, host, str(port), sick])
    with child(command, log=log, grace_seconds=1) as process:
        wait_until(lambda: "ready" in log.read_text(), f"the server in {host}", START_SECONDS, process)
        yield sick
    sick.unlink(missing_ok=True)


def ask(vpc: Vpc, host: str, server: str, port: int = 8080, path: str = "/") -> str:
    """Send a request from a host, and return the response's status and text. Raises VpcError without a response."""
    return vpc.run(host, [sys.executable, "-c", ASKER, server, str(port), path]).strip()
