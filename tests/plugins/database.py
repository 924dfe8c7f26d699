"""The databases for tests: a pair of MariaDB and one of MySQL, or a server that MYSQL_URL names.

DATABASE=mariadb, or mysql, runs the tests with only that one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from lab import shop
from lab.databases import DatabaseMissingError, Pair, replicated_pair
from lab.tls import Authority
from tests import databases
from tests.databases import WANTED


def pytest_runtest_call(item: pytest.Item) -> None:
    """Add the database of each test to its report."""
    databases.note(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran with each database."""
    for line in databases.counts(terminalreporter.stats.get("passed", [])):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", params=WANTED, ids=lambda product: product.name)
def database_pair(request: pytest.FixtureRequest, missing: Callable[[str], NoReturn]) -> Iterator[Pair]:
    """A primary and its read replica over TLS, both with the sample shop (lab/shop) in schema `shop`.

    One pair of each product is shared by the whole run: a test removes the rows and accounts that it adds, and a test
    that stops or breaks a server uses `breakable_pair` instead.
    """
    # Not pytest's temporary folder, which keeps the data of earlier runs.
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        try:
            authority = Authority.create(Path(folder) / "tls")
            with replicated_pair(Path(folder) / "databases", authority, request.param) as pair:
                databases.ran(pair)
                shop.load(pair.primary)
                pair.wait_for_replica()
                yield pair
        except DatabaseMissingError as error:
            missing(str(error))


@pytest.fixture
def breakable_pair(database_pair: Pair) -> Iterator[Pair]:
    """`database_pair` for tests that stop servers or replication: both run and are in sync again afterwards."""
    yield database_pair
    database_pair.heal()


if _URL := os.environ.get("MYSQL_URL"):

    @pytest.fixture(scope="session")
    def reader() -> shop.Target:
        """The account that MYSQL_URL names (`python -m lab.shop --help`)."""
        return shop.Target.parse(str(_URL))

else:

    @pytest.fixture(scope="session")
    def reader(database_pair: Pair) -> shop.Target:
        """A read-only account on a database with the sample shop, on the replica of `database_pair`."""
        pair = database_pair
        return shop.Target(
            pair.replica.host, pair.replica.port, shop.SCHEMA, pair.reader.user, pair.reader.password, str(pair.ca)
        )
