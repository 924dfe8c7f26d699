"""A login to the database over verified TLS with a shared context, compared with PyMySQL's default login.

The default verifies nothing, and loads all public root certificates for each connection.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pymysql

from bench.measure import interleaved, ratio, report, timed
from handler.adapters import tls
from handler.adapters.database.session import Limits, Login, connect
from handler.addresses import DatabaseAddress
from lab import shop
from lab.databases import replicated_pair
from lab.tls import Authority

ROUNDS: Final = 50
AT_MOST: Final = 0.10


def main() -> None:
    """Measure, print, and save the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        with replicated_pair(folder / "database", Authority.create(folder / "tls")) as pair:
            shop.load(pair.primary)
            pair.wait_for_replica()
            sides = {"verified, shared context": timed(_ours(pair)), "PyMySQL's default": timed(_default(pair))}
            samples = interleaved(sides, ROUNDS)
    print("A login to the database:")
    report("connect", samples, {"verified / PyMySQL's default": ratio(*samples.values())}, AT_MOST)


def _ours(pair: Any) -> Callable[[], None]:
    address = DatabaseAddress("default", "localhost", shop.SCHEMA, pair.replica.port, str(pair.ca))
    login = Login.parse("x", json.dumps({"username": pair.reader.user, "password": pair.reader.password}))
    context = tls.context(address.ca)
    return lambda: connect(address, ["127.0.0.1"], login, context, Limits()).close()


def _default(pair: Any) -> Callable[[], None]:
    def login() -> None:
        pymysql.connect(
            host="127.0.0.1", port=pair.replica.port, user=pair.reader.user, password=pair.reader.password,
            database=shop.SCHEMA,
        ).close()  # fmt: skip

    return login


if __name__ == "__main__":
    main()
