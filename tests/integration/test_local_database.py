"""A developer's own server, whose certificate fits nowhere or which has none: tls=off, and only on this machine."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pymysql
import pytest

from handler.adapters.database.session import Limits, Login, connect
from handler.errors import SourceError
from lab.databases import MARIADB, DatabaseMissingError, Server
from lab.databases.server import Folders, _dial, create_data
from lab.databases.software import find
from lab.shop import Target
from tests.replica_kit import address, replicas

TLS = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"


class Plain(Server):
    """A server without TLS, for its administrator too."""

    def connect(self, schema: str | None = None) -> pymysql.Connection[Any]:
        made = pymysql.Connection(
            user="root",
            password=self._password,
            database=schema,
            autocommit=True,
            ssl_disabled=True,
            defer_connect=True,
        )
        made.connect(_dial(self.socket))
        return made


@pytest.fixture(scope="module")
def without_tls(missing: Callable[[str], NoReturn]) -> Iterator[Target]:
    """A MariaDB without TLS, and an account on it."""
    with tempfile.TemporaryDirectory(prefix="notifier-") as name:
        folder = Path(name).resolve()
        try:
            software = find(MARIADB, folder / "software")
        except DatabaseMissingError as error:
            missing(str(error))
        password = create_data(MARIADB, software, folder / "plain")
        with Folders.below(folder) as folders:
            server = Plain("plain", MARIADB, software, folders, password, ["--skip-ssl"])
            try:
                server.start()
                server.wait_until_ready()
                server.query("CREATE DATABASE own")
                server.query("CREATE TABLE own.pets (id INT PRIMARY KEY)")
                server.query("CREATE USER dev@'%%' IDENTIFIED BY %s", "a-password")
                server.query("GRANT SELECT ON own.* TO dev@'%'")
                yield Target(server.host, server.port, "own", "dev", "a-password", "")
            finally:
                server.stop()


def asked(target: Target, sql: str, **changes: Any) -> list[Any]:
    adapter = replicas(target, address(target, ca="", **changes))
    try:
        return adapter.select("default", sql, {}, 10)
    finally:
        adapter.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_without_tls_on_this_machine_can_be_read(without_tls: Target, host: str) -> None:
    assert asked(without_tls, "SELECT COUNT(*) AS n FROM pets", host=host, tls=False) == [{"n": 0}]


def test_without_the_option_the_error_says_what_to_write(without_tls: Target) -> None:
    with pytest.raises(SourceError) as caught:
        asked(without_tls, "SELECT 1 AS one")
    assert (caught.value.code, ";tls=off" in caught.value.detail) == ("DB_TLS", True)


def test_tls_is_used_where_the_server_offers_it(reader: Target) -> None:
    """The server is one of a private authority, and its account takes logins by TLS alone."""
    [row] = asked(reader, TLS, tls=False)
    assert row["Value"]


def test_an_address_that_leads_elsewhere_is_not_used(without_tls: Target) -> None:
    with pytest.raises(SourceError) as caught:
        connect(
            address(without_tls, host="localhost", tls=False),
            ["127.0.0.1", "192.0.2.1"],
            Login("dev", "a-password"),
            ssl.create_default_context(),
            Limits(),
        )
    assert caught.value.code == "DB_TLS"
    assert "not this machine" in caught.value.detail
