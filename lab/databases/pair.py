"""A primary and its read replica, with the accounts that the notifier's database has."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pymysql

from lab.databases.mariadb import MARIADB
from lab.databases.product import Product
from lab.databases.replica import Login, Replica, ReplicationError
from lab.databases.server import Folders, Server, create_data, start_together
from lab.databases.software import find
from lab.processes import ChildError, Prefix, as_is
from lab.tls import Authority, Certificate

SCHEMA: Final = "shop"
# Grants of the function's account: read one schema, over TLS. The same statements work on MySQL.
READER_ACCOUNT: Final = (
    "CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL WITH MAX_USER_CONNECTIONS 20",
    f"GRANT SELECT ON {SCHEMA}.* TO %s@'%%'",
)
REPLICATION_ACCOUNT: Final = (
    "CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL",
    "GRANT REPLICATION SLAVE ON *.* TO %s@'%%'",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Both servers; `reader` is the function's account on schema `shop`, `ca` the PEM file to verify them with."""

    primary: Server
    replica: Replica
    reader: Login
    replication: Login
    ca: Path

    def wait_for_replica(self) -> None:
        """Wait until everything committed on the primary so far is visible on the replica. Raises ReplicationError."""
        self.replica.wait_until_caught_up()

    def heal(self) -> None:
        """Repair what a test may have broken: start both servers, and let the replica catch up."""
        try:
            start_together(self.primary, self.replica)
            self.replica.stop_replication()  # after losing its primary, a replica reconnects only once a second
            self.replica.start_replication()
            self.wait_for_replica()
        except (ChildError, ReplicationError, TimeoutError, pymysql.Error):
            # A server that was killed during a DDL statement may leave a file behind that breaks replication
            # permanently.
            self.replica.seed(self.primary)
            self.replica.follow(self.replication, self.ca)
            self.wait_for_replica()


@contextmanager
def replicated_pair(
    folder: Path,
    authority: Authority,
    product: Product = MARIADB,
    *,
    name: str = "localhost",
    options: Sequence[str] = (),
    prefix: Prefix = as_is,
) -> Iterator[Pair]:
    """Run a primary and its replica, both TLS only, until the block or this process ends.

    Their data, 50 MB for MariaDB and 250 MB for MySQL, is in `folder`. Schema `shop` is empty at first. The certificate
    is valid for `name` and for loopback. `options` are further server options. `prefix` runs the processes elsewhere,
    such as in a network namespace. Raises DatabaseMissingError if no server program is available.
    """
    folder = folder.resolve()  # relative paths would break: the servers change into their data folders
    software = find(product, folder / "software")
    tls = _tls_options(authority.issue("database", name, "localhost", "127.0.0.1"), authority)
    leading = [*tls, "--server-id=1", *product.leading]
    following = [*tls, "--server-id=2", "--relay-log=relay", "--read-only=1", *product.following]
    password = create_data(product, software, folder / "primary")
    with Folders.below(folder) as folders:
        primary = Server("primary", product, software, folders, password, [*leading, *options], prefix)
        replica = Replica("replica", product, software, folders, password, [*following, *options], prefix)
        pair = Pair(primary, replica, _login("notifier"), _login("replication"), authority.ca)
        try:
            replica.seed(primary)
            _create_account(primary, pair.replication, REPLICATION_ACCOUNT)
            replica.follow(pair.replication, pair.ca)
            primary.query(f"CREATE DATABASE {SCHEMA}")
            _create_account(primary, pair.reader, READER_ACCOUNT)
            pair.wait_for_replica()
            yield pair
        finally:
            replica.stop()
            primary.stop()


def _tls_options(certificate: Certificate, authority: Authority) -> list[str]:
    """Return the options that require TLS for TCP connections."""
    return [
        f"--ssl-ca={authority.ca}",
        f"--ssl-cert={certificate.cert}",
        f"--ssl-key={certificate.key}",
        "--require-secure-transport=1",
    ]


def _create_account(server: Server, login: Login, statements: tuple[str, str]) -> None:
    create, grant = statements
    server.query(create, login.user, login.password)
    server.query(grant, login.user)


def _login(user: str) -> Login:
    return Login(user, secrets.token_urlsafe(24))
