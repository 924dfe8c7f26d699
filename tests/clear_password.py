"""A proxy that logs clients in by mysql_clear_password, as RDS does for IAM, and forwards the rest to a server.

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html (2026-11-29)
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from pymysql.constants import CLIENT

from lab.shop import Target
from lab.tls import Certificate

SECONDS: Final = 20
_ABILITIES: Final = CLIENT.CAPABILITIES | CLIENT.SSL | CLIENT.CONNECT_WITH_DB
_OK: Final = b"\0\0\0\2\0\0\0"
_DENIED: Final = b"\xff" + struct.pack("<H", 1045) + b"#28000Access denied"
_USER_STARTS: Final = 32  # after capability flags, packet size, character set and zeros


class ClearPasswordServer:
    """Listens on loopback. `password` is the one that it accepts; `user` is who logged in last."""

    def __init__(self, behind: Target, certificate: Certificate, ca: Path) -> None:
        self.ca, self.password, self.user = ca, "", ""
        self._behind = behind
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate.cert, certificate.key)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._login, args=(client,), daemon=True).start()

    def _login(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            client.settimeout(SECONDS)
            _send(client, 0, _greeting())
            _receive(client)  # the client asks for TLS
            with self._tls.wrap_socket(client, server_side=True) as secure:
                self.user = _receive(secure)[_USER_STARTS:].partition(b"\0")[0].decode()
                _send(secure, 3, b"\xfemysql_clear_password\0")
                taken = _receive(secure) == self.password.encode() + b"\0"
                _send(secure, 5, _OK if taken else _DENIED)
                if taken:
                    self._pass_on(secure)

    def _pass_on(self, client: ssl.SSLSocket) -> None:
        with self._behind.connect() as connection:
            server: Any = connection._sock  # type: ignore[attr-defined]
            server.settimeout(SECONDS)
            self._open += [client, server]
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()
            _copy(client, server)


def _greeting() -> bytes:
    low, high = _ABILITIES & 0xFFFF, _ABILITIES >> 16
    salt, more = b"s" * 8, b"t" * 12 + b"\0"
    begins = b"\x0a9.7.0-front\0" + struct.pack("<I", 1) + salt + b"\0"
    return begins + struct.pack("<HBHHB10x", low, 255, 2, high, 21) + more + b"caching_sha2_password\0"


def _send(to: socket.socket, number: int, packet: bytes) -> None:
    to.sendall(struct.pack("<I", len(packet))[:3] + bytes([number]) + packet)


def _receive(client: socket.socket) -> bytes:
    size = int.from_bytes(_exactly(client, 4)[:3], "little")
    return _exactly(client, size)


def _exactly(client: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        if not (more := client.recv(size - len(found))):
            raise ConnectionError
        found += more
    return found


def _copy(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(1 << 16):
            to.sendall(some)
