"""What happens to a connection before there is a session: against servers that speak a few packets of the protocol."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from pymysql.constants import CLIENT

from handler.adapters import tls
from handler.adapters.database.session import Limits, Login, connect
from handler.addresses import DatabaseAddress
from handler.errors import SourceError
from lab.tls import Authority

LOGIN = Login("canary-user", "canary-password")
LIMITS = Limits(connect=2, read=0.3, statement=0.2)
NO_TLS = CLIENT.PROTOCOL_41 | CLIENT.SECURE_CONNECTION | CLIENT.PLUGIN_AUTH | CLIENT.CONNECT_WITH_DB
SSL_REQUEST_BYTES = 36

Script = Callable[[socket.socket], None]


@contextmanager
def serving(script: Script) -> Iterator[DatabaseAddress]:
    """Run the script with the first client that connects; what it raises is about a client that left."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            with suppress(OSError), server.accept()[0] as client:
                client.settimeout(10)
                script(client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield DatabaseAddress("default", "127.0.0.1", "shop", server.getsockname()[1])
        thread.join()


def packet(payload: bytes, number: int = 0) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


def greeting(capabilities: int) -> bytes:
    low, high = capabilities & 0xFFFF, capabilities >> 16
    head = b"\x0a" + b"8.0.36\0" + struct.pack("<I", 1) + b"saltsalt\0" + struct.pack("<HBHH", low, 45, 2, high)
    return packet(head + b"\x15" + bytes(10) + b"saltsaltsalt\0" + b"mysql_clear_password\0")


def everything(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(4096), b""))


def refused(address: DatabaseAddress, context: ssl.SSLContext) -> SourceError:
    with pytest.raises(SourceError) as caught:
        connect(address, [address.host], LOGIN, context, LIMITS)
    assert "canary" not in str(caught.value)
    return caught.value


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path)


@pytest.fixture
def trusting(authority: Authority) -> ssl.SSLContext:
    return tls.context(str(authority.ca))


def test_a_server_without_tls_hears_nothing_from_us(trusting: ssl.SSLContext) -> None:
    heard = []

    def script(client: socket.socket) -> None:
        client.sendall(greeting(NO_TLS))
        heard.append(everything(client))

    with serving(script) as address:
        error = refused(address, trusting)
    assert (error.code, heard) == ("DB_TLS", [b""])
    assert "the server offers no TLS" in error.detail


@pytest.mark.parametrize(
    ("issuer", "host", "detail"),
    [("own", "db.example", "not valid for '127.0.0.1'"), ("other", "127.0.0.1", "issuer certificate")],
)
def test_a_server_that_is_not_who_it_should_be_hears_no_login(
    authority: Authority, trusting: ssl.SSLContext, tmp_path: Path, issuer: str, host: str, detail: str
) -> None:
    certificate = (authority if issuer == "own" else Authority.create(tmp_path / "other")).issue("db", host)
    heard = []

    def script(client: socket.socket) -> None:
        client.sendall(greeting(NO_TLS | CLIENT.SSL))
        heard.append(client.recv(SSL_REQUEST_BYTES))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.cert, certificate.key)
        with context.wrap_socket(client, server_side=True) as encrypted:
            heard.append(everything(encrypted))

    with serving(script) as address:
        error = refused(address, trusting)
    assert error.code == "DB_TLS"
    assert detail in error.detail
    assert [len(one) for one in heard] == [SSL_REQUEST_BYTES]


def test_an_expired_certificate_is_named(authority: Authority, trusting: ssl.SSLContext) -> None:
    certificate = authority.issue("db", "127.0.0.1", lifetime=timedelta(days=-1))

    def script(client: socket.socket) -> None:
        client.sendall(greeting(NO_TLS | CLIENT.SSL))
        client.recv(SSL_REQUEST_BYTES)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.cert, certificate.key)
        context.wrap_socket(client, server_side=True).close()

    with serving(script) as address:
        error = refused(address, trusting)
    assert error.code == "DB_TLS"
    assert "expired" in error.detail


@pytest.mark.parametrize("weaken", ["name", "chain"])
def test_a_context_that_does_not_verify_is_not_used(authority: Authority, weaken: str) -> None:
    context = ssl.create_default_context(cafile=authority.ca)
    context.check_hostname = False
    if weaken == "chain":
        context.verify_mode = ssl.CERT_NONE
    error = refused(DatabaseAddress("default", "127.0.0.1", "shop", 1), context)
    assert (error.code, "does not verify" in error.detail) == ("DB_TLS", True)


def send(data: bytes) -> Script:
    def script(client: socket.socket) -> None:
        client.sendall(data)
        everything(client)

    return script


def refusal(number: int, text: bytes) -> bytes:
    return packet(b"\xff" + struct.pack("<H", number) + text)


@pytest.mark.parametrize(
    ("script", "code", "detail"),
    [
        (send(refusal(1040, b"#08004Too many connections")), "DB_BUSY", "error 1040"),
        (send(refusal(1129, b"Host canary is blocked")), "DB_UNAVAILABLE", "error 1129"),
        (send(refusal(1130, b"Host canary is not allowed")), "DB_LOGIN", "error 1130"),
        (send(b"SSH-2.0-OpenSSH_9.2\r\n"), "DB_UNAVAILABLE", "the server does not speak the MySQL protocol"),
        (
            send(b"\x05\0\0\0\x0b\x08\x05\x1a\0"),
            "DB_UNAVAILABLE",
            "the server does not speak the MySQL protocol",
        ),  # X protocol, port 33060
        (send(packet(b"\x0a8.0.36")), "DB_UNAVAILABLE", "the server does not speak the MySQL protocol"),
        (send(packet(b"")), "DB_UNAVAILABLE", "the server does not speak the MySQL protocol"),
        (send(b"\xff\xff\xff\0" + bytes(100_000)), "DB_UNAVAILABLE", "the server does not speak the MySQL protocol"),
        (send(refusal(9999, b"#HY000canary")), "DB_UNAVAILABLE", "error 9999"),
        (send(refusal(1231, b"#42000Variable 'sql_mode' can't be set")), "DB_UNAVAILABLE", "error 1231"),
        (send(b""), "DB_UNAVAILABLE", "TimeoutError"),
        (lambda client: client.close(), "DB_UNAVAILABLE", "error 2013"),
    ],
    ids=["busy", "blocked", "host", "ssh", "x", "cut", "empty", "huge", "unknown", "variable", "silent", "closed"],
)
def test_a_server_that_does_not_let_us_in_has_a_code(
    trusting: ssl.SSLContext, script: Script, code: str, detail: str
) -> None:
    with serving(script) as address:
        error = refused(address, trusting)
    assert (error.code, error.detail) == (code, f"default (127.0.0.1:{address.port}): {detail}")


def test_nobody_there_is_unavailable(trusting: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refused(DatabaseAddress("default", "127.0.0.1", "shop", port), trusting)
    assert (error.code, error.detail) == ("DB_UNAVAILABLE", f"default (127.0.0.1:{port}): Connection refused")


def test_the_second_address_is_tried_where_the_first_refuses(trusting: ssl.SSLContext) -> None:
    with serving(send(b"SSH-2.0-x\r\n")) as address, pytest.raises(SourceError) as caught:
        connect(address, ["127.0.0.2", "127.0.0.1"], LOGIN, trusting, LIMITS)
    assert "the server does not speak the MySQL protocol" in caught.value.detail


def test_a_login_shows_no_password() -> None:
    assert "canary-password" not in repr(LOGIN)


def test_the_server_gives_up_before_we_do() -> None:
    assert Limits().statement < Limits().read
