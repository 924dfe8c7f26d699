"""A primary and its read replica, replicating by GTID over TLS."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pymysql.cursors import DictCursor

from lab.mariadb.bootstrap import create_data, tls_options
from lab.mariadb.server import Folders, Server, start_together
from lab.mariadb.software import find
from lab.tls import Authority

SCHEMA: Final = "shop"
CATCH_UP_SECONDS: Final = 30
# What the function's account may do: read one schema, over TLS. The same statements serve MySQL.
READER_ACCOUNT: Final = (
    "CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL WITH MAX_USER_CONNECTIONS 20",
    f"GRANT SELECT ON {SCHEMA}.* TO %s@'%%'",
)
REPLICATION_ACCOUNT: Final = (
    "CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL",
    "GRANT REPLICATION SLAVE ON *.* TO %s@'%%'",
)
FOLLOW: Final = """
CHANGE MASTER TO master_host = %s, master_port = %s, master_user = %s, master_password = %s,
  master_ssl = 1, master_ssl_ca = %s, master_ssl_verify_server_cert = 1,
  master_use_gtid = slave_pos, master_connect_retry = 1
"""


@dataclass(frozen=True, slots=True)
class Login:
    """A database account."""

    user: str
    password: str = field(repr=False)


class Replica(Server):
    """A server that follows a primary. Administrators can write to it; whoever does must undo it there."""

    def follow(self, primary: Server, login: Login, ca: Path) -> None:
        """Replicate everything that the primary has ever logged, and go on."""
        self.query(FOLLOW, primary.host, primary.port, login.user, login.password, str(ca))
        self.start_replication()

    def stop_replication(self) -> None:
        """Fall behind: what is committed on the primary does not appear here."""
        self.query("STOP SLAVE")

    def start_replication(self) -> None:
        """Go on replicating. `wait_for` says when it has caught up."""
        self.query("START SLAVE")

    def wait_for(self, primary: Server) -> None:
        """Wait until all that is committed on the primary by now is visible here.

        Raises TimeoutError, with what the server says about its replication, after half a minute.
        """
        [(position,)] = primary.query("SELECT @@gtid_binlog_pos")
        [(timed_out,)] = self.query("SELECT MASTER_GTID_WAIT(%s, %s)", position, CATCH_UP_SECONDS)
        if timed_out:
            status = self.replication_status()
            told = {key: value for key, value in status.items() if key.endswith(("_Running", "_Error")) and value}
            raise TimeoutError(
                f"the replica has not caught up within {CATCH_UP_SECONDS} s: {told or 'it follows nobody'}"
            )

    def replication_status(self) -> dict[str, Any]:
        """Return what SHOW SLAVE STATUS says; empty when no primary is followed."""
        with self.connect() as connection, connection.cursor(DictCursor) as cursor:
            cursor.execute("SHOW SLAVE STATUS")
            return cursor.fetchone() or {}


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers; `reader` is the function's account on schema `shop`, `ca` the PEM file to verify them with."""

    primary: Server
    replica: Replica
    reader: Login
    ca: Path

    def wait_for_replica(self) -> None:
        """Wait until all that is committed on the primary by now is visible on the replica. Raises TimeoutError."""
        self.replica.wait_for(self.primary)

    def heal(self) -> None:
        """Undo what a test may have broken: both servers run, and the replica follows and has caught up."""
        start_together(self.primary, self.replica)
        self.replica.stop_replication()  # a replica that lost its primary tries again only every second
        self.replica.start_replication()
        self.wait_for_replica()


@contextmanager
def replicated_pair(folder: Path, authority: Authority) -> Iterator[Pair]:
    """Run a primary and its replica, each with TLS alone, until the block ends or this process does.

    Their data, some 50 MB, is kept in `folder`. Schema `shop` is still empty. Raises MariadbMissingError where no
    server can be had.
    """
    folder = folder.resolve()  # the servers change into their data folders
    software = find(folder / "software")
    tls = tls_options(authority.issue("database", "localhost", "127.0.0.1"), authority)
    password = create_data(software, folder / "primary")
    shutil.copytree(folder / "primary", folder / "replica")
    leading = [*tls, "--server-id=1", "--log-bin=bin", "--gtid-strict-mode=1"]
    following = [*tls, "--server-id=2", "--relay-log=relay", "--read-only=1"]
    with Folders.below(folder) as folders:
        primary = Server("primary", software, folders, password, leading)
        replica = Replica("replica", software, folders, password, following)
        pair = Pair(primary, replica, _login("notifier"), authority.ca)
        try:
            start_together(primary, replica)
            _create_accounts_and_follow(pair, _login("replication"))
            yield pair
        finally:
            replica.stop()
            primary.stop()


def _create_accounts_and_follow(pair: Pair, replication: Login) -> None:
    _create_account(pair.primary, replication, REPLICATION_ACCOUNT)
    pair.replica.follow(pair.primary, replication, pair.ca)
    pair.primary.query(f"CREATE DATABASE {SCHEMA}")
    _create_account(pair.primary, pair.reader, READER_ACCOUNT)
    pair.wait_for_replica()


def _create_account(server: Server, login: Login, statements: tuple[str, str]) -> None:
    create, grant = statements
    server.query(create, login.user, login.password)
    server.query(grant, login.user)


def _login(user: str) -> Login:
    return Login(user, secrets.token_urlsafe(24))
