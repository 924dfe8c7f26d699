"""The database that tests read from: the lab's MariaDB pair, or a server that MYSQL_URL names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from lab import shop
from lab.mariadb import MariadbMissingError, Pair, replicated_pair
from lab.tls import Authority


@pytest.fixture(scope="session")
def database_pair(missing: Callable[[str], NoReturn]) -> Iterator[Pair]:
    """A MariaDB primary and its read replica over TLS, both with the sample shop (lab/shop) in schema `shop`.

    One pair serves the whole run: a test removes the rows and accounts that it adds, and one that stops or breaks a
    server asks for `breakable_pair` instead.
    """
    # Not pytest's own temporary folder, which keeps the data of earlier runs.
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        try:
            authority = Authority.create(Path(folder) / "tls")
            with replicated_pair(Path(folder) / "databases", authority) as pair:
                shop.load(pair.primary)
                pair.wait_for_replica()
                yield pair
        except MariadbMissingError as error:
            missing(str(error))


@pytest.fixture
def breakable_pair(database_pair: Pair) -> Iterator[Pair]:
    """`database_pair` for a test that stops servers or replication: both run and agree again afterwards."""
    yield database_pair
    database_pair.heal()


@pytest.fixture(scope="session")
def reader(request: pytest.FixtureRequest) -> shop.Target:
    """A read-only account on a database with the sample shop: host, port, schema, user, password, ca.

    It is the replica of `database_pair`, unless MYSQL_URL names another server (`python -m lab.shop --help`).
    """
    if url := os.environ.get("MYSQL_URL"):
        return shop.Target.parse(url)
    pair: Pair = request.getfixturevalue("database_pair")
    return shop.Target(
        pair.replica.host, pair.replica.port, shop.SCHEMA, pair.reader.user, pair.reader.password, str(pair.ca)
    )
