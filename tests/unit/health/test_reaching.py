"""What the self-check says of an API that speaks TLS, of the way out, and of a session that may write."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from handler.discovery.paths import PATHS
from handler.health import apis, databases, egress
from handler.health.model import Check, Subject
from handler.settings import Settings
from lab.processes import free_port
from lab.tls import Authority

GIVEN = {"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}


def subject(egress_at: str = "", **variables: str) -> Subject:
    settings = Settings.from_environment({**GIVEN, **variables}, PATHS)
    nothing: Any = None
    return Subject(settings, nothing, None, egress_at)


@contextmanager
def served(server: HTTPServer) -> Iterator[int]:
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


# ---- An API over TLS ----


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("tls"))


class Tls(HTTPServer):
    """Speaks TLS with clients that trust it."""

    context: ssl.SSLContext

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with suppress(ssl.SSLError, OSError):
            return self.context.wrap_socket(connection, server_side=True), address
        connection.close()
        raise OSError


@pytest.mark.parametrize(
    ("trusted", "host", "state", "why"),
    [
        (True, "localhost", "ok", ""),
        (False, "localhost", "failed", "unable to get local issuer certificate|self-signed"),
        (True, "other.internal", "failed", "Hostname mismatch"),
    ],
)
def test_an_api_that_speaks_tls_is_reached_where_its_certificate_is_trusted_and_names_it(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, trusted: bool, host: str, state: str, why: str
) -> None:
    certificate = authority.issue("api", "localhost", "127.0.0.1")
    ca = authority.ca if trusted else Authority.create(tmp_path_factory.mktemp("other")).ca
    server = Tls(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.context.load_cert_chain(certificate.cert, certificate.key)
    with served(server) as port:
        uri = f"default=https://127.0.0.1:{port};host={host};ca={ca}"
        [check] = apis.checks(subject(NOTIFIER_APIS=uri))
    assert check.state == state
    assert not why or any(word in check.cause for word in why.split("|")), check


# ---- The way out ----


class Telling(BaseHTTPRequestHandler):
    """Answers with what the class says."""

    said = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.said)))
        self.end_headers()
        self.wfile.write(self.said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("said", "state", "seen"),
    [
        (b"203.0.113.7\n", "ok", "seen as 203.0.113.7"),
        (b"2001:db8::7", "ok", "seen as 2001:db8::7"),
        (b"<html>Sign in</html>", "warning", ""),
    ],
)
def test_the_address_of_the_way_out_is_what_the_other_side_says(said: bytes, state: str, seen: str) -> None:
    answering = type("Answering", (Telling,), {"said": said})
    with served(HTTPServer(("127.0.0.1", 0), answering)) as port:
        [check] = egress.checks(subject(f"http://127.0.0.1:{port}/"))
    assert (check.state, check.seen) == (state, seen)


@pytest.mark.parametrize(
    ("address", "state", "cause"),
    [
        ("", "skipped", "--no-egress"),
        ("http://no-such-name.invalid/", "skipped", "firewall"),
        ("http://127.0.0.1:{free}/", "failed", "no way to the internet"),
    ],
)
def test_a_blocked_name_is_no_failure_and_a_closed_way_is(address: str, state: str, cause: str) -> None:
    [check] = egress.checks(subject(address.format(free=free_port())))
    assert (check.state, cause in check.cause) == (state, True)


# ---- A session ----


@pytest.mark.parametrize(
    ("server", "session", "state"), [(1, 1, "ok"), (0, 1, "warning"), (1, 0, "failed"), (0, 0, "failed")]
)
def test_a_session_that_may_write_is_a_failure_and_a_server_that_takes_writes_a_warning(
    server: int, session: int, state: str
) -> None:
    row = {"version": "11", "read_only": server, "session_read_only": session}
    replicas: Any = type("Replicas", (), {"select": lambda *_: [row]})()
    found = databases._login(replicas, "default")
    assert (found.state if isinstance(found, Check) else "ok") == state


def test_a_database_that_is_not_verified_is_not_called_verified() -> None:
    row = {"version": "11", "read_only": 1, "session_read_only": 1}
    replicas: Any = type("Replicas", (), {"select": lambda *_: [row]})()
    assert databases._login(replicas, "default", verified=False) == (
        "11, not verified (tls=off), server and session read-only"
    )
