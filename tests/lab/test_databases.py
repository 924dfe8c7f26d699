"""The database pair: encrypted, replicating, gone with its parent, and able to get over what tests do to it."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from lab.databases import MARIADB, Login, Pair, ReplicationError, replicated_pair
from lab.processes import ChildError, wait_until
from lab.tls import Authority


@pytest.fixture
def scratch(database_pair: Pair) -> Iterator[Callable[[Any], list[tuple[Any, ...]]]]:
    """A table of two servers: reads the ids in `shop.scratch` on one of them."""
    database_pair.primary.query("CREATE TABLE shop.scratch (id INT PRIMARY KEY)")
    yield lambda server: [row[0] for row in server.query("SELECT id FROM shop.scratch ORDER BY id")]
    database_pair.heal()
    database_pair.primary.query("DROP TABLE shop.scratch")
    database_pair.wait_for_replica()  # a test that kills the replica must not meet it in the middle of this


@pytest.fixture
def same_software(database_pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another pair in this test uses the server program that the session's pair uses."""
    name = database_pair.primary.product.name.upper()
    monkeypatch.setenv(f"LAB_{name}", str(database_pair.primary.software.program))
    monkeypatch.delenv(f"LAB_FRESH_{name}", raising=False)


def connect(pair: Pair, login: Login, **options: Any) -> pymysql.Connection[Any]:
    place = {"host": pair.replica.host, "port": pair.replica.port, "database": "shop"} | options
    return pymysql.connect(user=login.user, password=login.password, **place)


def verified(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


def test_what_is_committed_on_the_primary_appears_on_the_replica(database_pair: Pair, scratch: Any) -> None:
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (%s), (%s)", 1, 2)
    database_pair.wait_for_replica()
    assert scratch(database_pair.replica) == [1, 2]


def test_a_stopped_replica_falls_behind_and_catches_up(database_pair: Pair, scratch: Any) -> None:
    database_pair.wait_for_replica()
    database_pair.replica.stop_replication()
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (1)")
    assert scratch(database_pair.replica) == []
    database_pair.replica.start_replication()
    database_pair.wait_for_replica()
    assert scratch(database_pair.replica) == [1]


def test_waiting_for_a_replica_that_does_not_follow_says_so(database_pair: Pair, scratch: Any) -> None:
    database_pair.replica.stop_replication()
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (1)")
    with pytest.raises(ReplicationError, match=r"not caught up: .*'(Slave|Replica)_SQL_Running': 'No'"):
        database_pair.wait_for_replica()


def test_a_replica_whose_replication_is_broken_is_made_anew(database_pair: Pair, scratch: Any) -> None:
    database_pair.replica.query("INSERT INTO shop.scratch VALUES (1)")  # the replica's own: no such row may follow
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (1), (2)")
    with pytest.raises(ReplicationError, match="Duplicate entry|Worker 1 failed"):
        database_pair.wait_for_replica()
    database_pair.heal()
    assert scratch(database_pair.replica) == [1, 2]
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (3)")
    database_pair.wait_for_replica()
    assert scratch(database_pair.replica) == [1, 2, 3]
    with connect(database_pair, database_pair.reader, ssl=verified(database_pair.ca)) as connection:
        assert connection.open


BREAKAGES: dict[str, Callable[[Pair], None]] = {
    "nothing": lambda pair: None,
    "replication stopped": lambda pair: pair.replica.stop_replication(),
    "replica stopped": lambda pair: pair.replica.stop(),
    "replica killed": lambda pair: pair.replica.kill(),
    "replica restarted": lambda pair: pair.replica.restart(),
    "primary killed": lambda pair: pair.primary.kill(),
    "primary restarted": lambda pair: pair.primary.restart(),
    "both killed": lambda pair: (pair.primary.kill(), pair.replica.kill()),  # type: ignore[func-returns-value]
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_the_pair_gets_over(database_pair: Pair, scratch: Any, breakage: str) -> None:
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (1)")
    ports = [server.port for server in (database_pair.primary, database_pair.replica)]
    BREAKAGES[breakage](database_pair)
    database_pair.heal()
    database_pair.primary.query("INSERT INTO shop.scratch VALUES (2)")
    database_pair.wait_for_replica()
    assert scratch(database_pair.primary) == scratch(database_pair.replica) == [1, 2]
    assert ports == [server.port for server in (database_pair.primary, database_pair.replica)]


def test_a_server_that_is_down_refuses(breakable_pair: Pair) -> None:
    breakable_pair.replica.kill()
    assert not breakable_pair.replica.running
    with pytest.raises(OSError, match="refused|No such file"):
        breakable_pair.replica.query("SELECT 1")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_reader_reads_over_verified_tls(database_pair: Pair, host: str) -> None:
    tls = verified(database_pair.ca)
    with connect(database_pair, database_pair.reader, host=host, ssl=tls) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name FROM customers WHERE id = %s", (3,))
        assert cursor.fetchall() == (("山田 花子",),)
        cursor.execute("SHOW STATUS LIKE 'Ssl_version'")
        assert cursor.fetchall() == (("Ssl_version", "TLSv1.3"),)


FORBIDDEN = [
    ("DELETE FROM orders", 1290),
    ("SELECT * FROM mysql.user", 1142),
    ("CREATE TEMPORARY TABLE t (id INT)", 1044),
    ("SELECT 1 INTO OUTFILE '/tmp/never'", 1227),
    ("replication", 1227),
]


@pytest.mark.parametrize(("sql", "code"), FORBIDDEN)
def test_the_reader_may_do_nothing_else(database_pair: Pair, sql: str, code: int) -> None:
    sql = database_pair.replica.product.replicating.status if sql == "replication" else sql
    tls = verified(database_pair.ca)
    with (
        connect(database_pair, database_pair.reader, ssl=tls) as connection,
        connection.cursor() as cursor,
        pytest.raises(pymysql.err.OperationalError) as refused,
    ):
        cursor.execute(sql)
    assert refused.value.args[0] == code


def test_the_reader_has_a_limit_of_connections(database_pair: Pair) -> None:
    [(grant,)] = database_pair.replica.query("SHOW CREATE USER notifier@'%'")
    assert "REQUIRE SSL" in grant
    assert "MAX_USER_CONNECTIONS 20" in grant


def test_without_tls_nobody_gets_in(database_pair: Pair) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="insecure transport are prohibited|Access denied"):
        connect(database_pair, database_pair.reader, ssl_disabled=True)


@pytest.mark.parametrize("password", ["", "root"])
def test_the_administrator_cannot_come_over_the_network(database_pair: Pair, password: str) -> None:
    tls = verified(database_pair.ca)
    with pytest.raises(pymysql.err.OperationalError, match="not allowed to connect|Access denied"):
        connect(database_pair, Login("root", password), ssl=tls)


def test_another_name_or_another_authority_is_not_verified(database_pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(pymysql.err.OperationalError, match="IP address mismatch|Hostname mismatch"):
        connect(database_pair, database_pair.reader, host="127.1", ssl=verified(database_pair.ca))
    with pytest.raises(pymysql.err.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        connect(database_pair, database_pair.reader, ssl=verified(Authority.create(tmp_path).ca))


def test_an_ordinary_writer_cannot_write_to_the_replica(database_pair: Pair, scratch: Any) -> None:
    writer = Login("writer", "p" * 20)
    database_pair.primary.query("CREATE USER writer@'%%' IDENTIFIED BY %s REQUIRE SSL", writer.password)
    database_pair.primary.query("GRANT ALL ON shop.* TO writer@'%'")
    database_pair.wait_for_replica()
    try:
        with (
            connect(database_pair, writer, ssl=verified(database_pair.ca)) as connection,
            connection.cursor() as cursor,
            pytest.raises(pymysql.err.OperationalError) as refused,
        ):
            cursor.execute("INSERT INTO scratch VALUES (1)")
        assert refused.value.args[0] == 1290
    finally:
        database_pair.primary.query("DROP USER writer@'%'")


def test_the_replica_follows_over_verified_tls(database_pair: Pair) -> None:
    status = database_pair.replica.replication_status()
    primary = "Master" if database_pair.replica.product is MARIADB else "Source"
    assert status[f"{primary}_SSL_Allowed"] == status[f"{primary}_SSL_Verify_Server_Cert"] == "Yes"
    assert status.get("Using_Gtid", status.get("Auto_Position")) in ("Slave_Pos", 1)


def test_no_password_shows(database_pair: Pair) -> None:
    assert database_pair.reader.password not in repr(database_pair)
    arguments = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert str(database_pair.replica.port) in arguments
    assert database_pair.reader.password not in arguments


@pytest.mark.usefixtures("same_software")
def test_a_folder_with_a_path_too_long_for_sockets(database_pair: Pair, tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 20) / ("longer " * 10)
    with replicated_pair(folder, Authority.create(tmp_path), database_pair.primary.product) as pair:
        assert pair.replica.query("SELECT @@read_only") == [(1,)]
        short = Path(pair.replica.socket).parent
        assert short.exists()
    assert not short.exists()


@pytest.mark.usefixtures("same_software")
def test_a_server_that_cannot_start_shows_its_log(
    database_pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr("lab.databases.server.free_port", lambda: taken.getsockname()[1])
        with (
            pytest.raises(ChildError, match=r"(?s)while we waited for the primary database.*Address already in use"),
            replicated_pair(tmp_path / "db", Authority.create(tmp_path), database_pair.primary.product),
        ):
            pytest.fail("it cannot start")


STARTS_A_PAIR = """
import sys, time
from pathlib import Path
from lab.databases import PRODUCTS, replicated_pair
from lab.tls import Authority
folder = Path(sys.argv[1])
authority = Authority.create(folder / "tls")
print("begins", flush=True)
with replicated_pair(folder / "db", authority, PRODUCTS[sys.argv[2]]) as pair:
    print("up", pair.replica.query("SELECT 1"), flush=True)
    time.sleep(600)
"""


def starting(pair: Pair, folder: Path) -> list[str]:
    return [sys.executable, "-c", STARTS_A_PAIR, str(folder), pair.primary.product.name]


def running_below(folder: Path) -> list[str]:
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if f"{folder}/db" in line]


@pytest.mark.usefixtures("same_software")
@pytest.mark.parametrize("after_seconds", [0.05, 0.3, 0.5, 0.7, 0.9, None])
def test_a_killed_parent_leaves_no_server(database_pair: Pair, tmp_path: Path, after_seconds: float | None) -> None:
    with subprocess.Popen(starting(database_pair, tmp_path), stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"begins\n"
        if after_seconds is None:
            assert parent.stdout.readline() == b"up [(1,)]\n"
            assert len(running_below(tmp_path)) == 4  # two servers, and the guard of each
        else:
            time.sleep(after_seconds)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not running_below(tmp_path), "the servers' end", 30)


@pytest.mark.usefixtures("same_software")
def test_two_pairs_at_once(database_pair: Pair, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    parents = [subprocess.Popen(starting(database_pair, folder), stdout=subprocess.PIPE) for folder in folders]
    try:
        for parent in parents:
            assert parent.stdout
            assert [parent.stdout.readline() for _ in range(2)] == [b"begins\n", b"up [(1,)]\n"]
    finally:
        for parent in parents:
            parent.kill()
            parent.communicate()
    wait_until(lambda: not any(map(running_below, folders)), "the servers' end", 30)
