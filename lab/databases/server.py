"""One database server: its data folder, its process, and SQL queries as its administrator."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pymysql

from lab.databases.product import Product, Software
from lab.processes import Child, Prefix, as_is, child, free_port, wait_until

HOST: Final = "127.0.0.1"
# A small and fast server, whose data need not survive a crash of the machine.
SMALL: Final = (
    "--max-allowed-packet=16M",
    "--innodb-buffer-pool-size=32M",
    "--innodb-autoextend-increment=4",
    "--innodb-use-native-aio=0",
    "--innodb-flush-log-at-trx-commit=2",
    "--sync-binlog=0",
    "--performance-schema=0",
)
READY_SECONDS: Final = 60.0
# A tenth of a second is usually enough, but a server that has only just begun to start ignores the signal.
STOP_SECONDS: Final = 3.0
# The maximum length of a Unix socket's path is 103 bytes on macOS and 107 on Linux; we add at most 13 to the folder's.
SOCKET_FOLDER_BYTES: Final = 90


@dataclass(frozen=True, slots=True)
class Folders:
    """Where servers keep their `data` and logs, and their Unix sockets, whose paths must be short."""

    data: Path
    sockets: Path

    @classmethod
    @contextmanager
    def below(cls, folder: Path) -> Iterator[Folders]:
        """Put everything into `folder`, or the sockets into a temporary folder if the path of `folder` is too long."""
        if len(os.fsencode(folder)) <= SOCKET_FOLDER_BYTES:
            yield cls(folder, folder)
        else:
            short = socket_folder(folder)
            short.mkdir(mode=0o700)
            try:
                yield cls(folder, short)
            finally:
                shutil.rmtree(short)


def socket_folder(folder: Path) -> Path:
    """Return the folder for the sockets of servers whose own path is too long. Its name is derived from that path."""
    return Path("/tmp") / f"notifier-{sha256(os.fsencode(folder)).hexdigest()[:16]}"


class Server:
    """A server on loopback with its data in the folder `data`. TLS clients use `host` and `port`; we use `socket`."""

    host = HOST

    def __init__(
        self,
        name: str,
        product: Product,
        software: Software,
        folders: Folders,
        password: str,
        options: Iterable[str],
        prefix: Prefix = as_is,
    ) -> None:
        """`prefix` runs its process elsewhere, such as in a network namespace; its Unix socket is still here."""
        self.name = name
        self.product = product
        self.software = software
        self.data = folders.data / name
        self.port = free_port()
        self.socket = str(folders.sockets / f"{name}.sock")
        ours = [*command(product, software, self.data), f"--port={self.port}", f"--socket={self.socket}", *options]
        self._command = prefix(list(map(str, ours)))
        self._password = password
        self._log = folders.data / f"{name}.log"
        self._process: Child | None = None
        self._running = ExitStack()

    def start(self) -> None:
        """Start the process, unless it runs. It accepts queries after `wait_until_ready`."""
        if not self.running:
            self.stop()  # clean up after a process that died by itself
            running = child(self._command, env=self.software.environment, log=self._log, grace_seconds=STOP_SECONDS)
            self._process = self._running.enter_context(running)

    def wait_until_ready(self) -> None:
        """Wait until it accepts queries. Raises ChildError with the end of its log, or TimeoutError after a minute."""
        wait_until(self._answers, f"the {self.name} database", READY_SECONDS, self._process)

    def stop(self) -> None:
        """Shut the process down, if it runs."""
        self._running.close()

    def kill(self) -> None:
        """Kill the process with SIGKILL, as a crash would. `start` recovers its data."""
        if self._process:
            self._process.kill()
        self.stop()

    def restart(self) -> None:
        """Restart it on the same port and with its data. Values set by SET GLOBAL are lost."""
        self.stop()
        self.start()
        self.wait_until_ready()

    @property
    def running(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.running

    def connect(self, schema: str | None = None) -> pymysql.Connection[Any]:
        """Return a new connection as administrator, in autocommit mode; the caller closes it.

        Raises OSError if the server does not run.
        """
        connection = pymysql.Connection(
            user="root", password=self._password, database=schema, autocommit=True, defer_connect=True, ssl=_tls()
        )
        connection.connect(_dial(self.socket))
        return connection

    def query(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        """Run one statement as administrator, `args` for its `%s`, and return all rows."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql, args or None)
            return list(cursor.fetchall())

    def _answers(self) -> bool:
        try:
            return self.query("SELECT 1") == [(1,)]
        except (OSError, pymysql.OperationalError):
            return False


def command(product: Product, software: Software, data: Path) -> list[str]:
    """Return the command line of a server on loopback that keeps its data in `data`."""
    return [
        *software.start,
        f"--basedir={software.base}",
        f"--datadir={data}",
        f"--tmpdir={data}",
        f"--character-sets-dir={software.share / 'charsets'}",
        f"--bind-address={HOST}",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--default-time-zone=+00:00",
        *SMALL,
        *product.options(software),
        *(["--user=root"] if os.geteuid() == 0 else []),  # as root it refuses to run unless told to
    ]


def create_data(product: Product, software: Software, data: Path) -> str:
    """Create and fill a data folder. Return the password of its only account: root, from this machine."""
    data.mkdir(parents=True)
    try:
        return product.create_data(software, command(product, software, data))
    except subprocess.CalledProcessError as error:
        raise RuntimeError(
            f"{product.title} could not create its system tables in {data}:\n{error.stderr[-2000:]}"
        ) from None


def start_together(*servers: Server) -> None:
    """Start the servers that do not run, in parallel, and wait until each accepts queries."""
    for server in servers:
        server.start()
    for server in servers:
        server.wait_until_ready()


@cache
def _tls() -> ssl.SSLContext:
    """Return a context that encrypts, so that MySQL accepts the password, but verifies nothing.

    Only the server's own process has its Unix socket. PyMySQL's default context reads the system's certificates for
    each connection, which takes longer than most statements.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _dial(path: str) -> socket.socket:
    """Connect a Unix socket for PyMySQL, which would leave its own socket open if the connection is refused."""
    dialled = socket.socket(socket.AF_UNIX)
    try:
        dialled.connect(path)
    except OSError:
        dialled.close()
        raise
    return dialled
