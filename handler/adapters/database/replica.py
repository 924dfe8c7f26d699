"""Read replicas: one kept, verified, read-only connection to each, opened in the init phase or when it is needed.

The pitfalls that this module avoids:

- Without autocommit a kept connection keeps reading its first snapshot and never sees a row that is replicated later.
- PyMySQL by default accepts any server, with or without TLS. With a TLS context it continues only after verification.
- If the client's read timeout expires, the statement keeps running on the server. So the server has a shorter limit of
  its own, and a statement is never repeated after such a timeout. A connection that the other side closed is replaced,
  once per lookup.
- The server does not always raise an error when a statement reaches the limit: MariaDB's BENCHMARK returns an ordinary
  row. So the time is measured here as well.
- An execution environment is frozen between events, and network devices drop idle connections without notice.
- The server compares a text with an integer column by the text's leading digits: '1abc' finds row 1, with only a
  warning. So warnings are read. A number finds the text '007' without any warning: see binding.py.
- A single row can be larger than the function's memory. So bytes are counted before they are read.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pymysql

from handler.adapters.credential import Credential
from handler.adapters.database import rows
from handler.adapters.database.iam_token import iam_login
from handler.adapters.database.mysql_errors import (
    ConnectionLostError,
    NoMatchPossibleError,
    is_server_error,
    statement_error,
)
from handler.adapters.database.replication import ReplicationStatus
from handler.adapters.database.server_warnings import LostValueError
from handler.adapters.database.session import LOGIN_FORM, LOGIN_PATTERN, Connection, Limits, Login, connect, run
from handler.addresses import DatabaseAddress
from handler.clock import Clock
from handler.errors import SourceError
from handler.model import Replication, Row, Value
from handler.ports import Names, Secrets

LIMITS: Final = Limits()


class Replicas:
    """ports.Database over PyMySQL; for one thread, as a connection of PyMySQL is.

    `tls` returns the shared TLS context for a CA file (empty: the public authorities). `names` looks up the addresses
    of a host when a connection is opened. The login of the database `name` is the secret `databases/<name>`, unless its
    address names another one. If the server refuses the login, the secret is read again.
    """

    def __init__(
        self,
        addresses: Mapping[str, DatabaseAddress],
        secrets: Secrets,
        tls: Callable[[str], ssl.SSLContext],
        names: Names,
        limits: Limits = LIMITS,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or Clock()
        self._replicas = {
            name: _Replica(address, secrets, tls, names, limits, clock) for name, address in addresses.items()
        }

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """Run one SELECT with `%(name)s` parameters; at most `limit` rows, each value in its normal form (rows.py).

        Raises SourceError (DB_*, QUERY_*, TOO_MANY_ROWS, ROWS_TOO_LARGE, ROW_VALUE_UNSUPPORTED), ConfigError.
        """
        replica = self._replicas.get(database)
        if replica is None:
            raise SourceError("DB_UNKNOWN", f"{database}; deployed: {', '.join(sorted(self._replicas)) or 'none'}")
        return replica.select(sql, parameters, limit)

    def replicating(self, database: str) -> Replication | None:
        """Return the state of replication; None if the server does not tell. Raises nothing."""
        replica = self._replicas.get(database)
        return replica.replication.read() if replica else None

    def connect(self, database: str) -> None:
        """Log in to a database, so that its next lookup finds a connection.

        Raises SourceError (DB_*), ConfigError; KeyError for a database that is not deployed.
        """
        self._replicas[database].connection()

    def close(self) -> None:
        """Close all open connections. The next lookup opens a new one."""
        for replica in self._replicas.values():
            replica.close()


class _Replica:
    """One database and the connection to it."""

    def __init__(
        self,
        address: DatabaseAddress,
        secrets: Secrets,
        tls: Callable[[str], ssl.SSLContext],
        names: Names,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._address = address
        self._credential = Credential(secrets, address.login_secret, LOGIN_PATTERN, LOGIN_FORM)
        self._tls = tls
        self._names = names
        self._limits = limits
        self._clock = clock
        self._kept: Connection | None = None
        self._used_at = clock.now()
        self.replication = ReplicationStatus(self._show)

    def select(self, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        try:
            return self._select_with_retry(sql, parameters, limit)
        except NoMatchPossibleError:
            return []

    def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None and kept.open:
            kept.close()

    def _select_with_retry(self, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        try:
            return self._select_once(sql, parameters, limit)
        except ConnectionLostError:
            return self._select_once(sql, parameters, limit)

    def _select_once(self, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        with self._session(sql, parameters) as connection:
            started = self._clock.now()
            columns, found = run(connection, sql, parameters, min(limit, self._limits.rows), self._limits.bytes)
        if self._clock.age(started) >= self._limits.statement:
            raise SourceError(
                "DB_TIMEOUT", f"{self._address.name}: took longer than the limit of {self._limits.statement:g} s"
            )
        return rows.named(columns, found, parameters.values())

    def _show(self, sql: str) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
        with self._session(sql, {}) as connection:
            return run(connection, sql, {}, self._limits.rows, self._limits.bytes)

    @contextmanager
    def _session(self, sql: str, parameters: Mapping[str, Value]) -> Iterator[Connection]:
        """Lend the connection for one statement. Keep it only if that ended with a result or a server error."""
        try:
            yield self.connection()
        except pymysql.MySQLError as error:
            limits = self._limits
            failure = statement_error(self._address.name, sql, parameters, error, limits.read, limits.statement)
            if isinstance(failure, ConnectionLostError) or not is_server_error(error):
                self.close()
            raise failure from None
        except LostValueError:
            raise
        except BaseException:
            self.close()
            raise
        finally:
            self._used_at = self._clock.now()

    def connection(self) -> Connection:
        if self._kept is None or not self._kept.open or self._clock.age(self._used_at) > self._limits.idle:
            self.close()
            self._kept = self._connect()
        return self._kept

    def _connect(self) -> Connection:
        if self._address.iam_user:
            return self._open(iam_login(self._address))
        return self._credential.use(
            lambda secret: self._open(Login.parse(self._credential.name, secret)), refusal="DB_LOGIN"
        )

    def _open(self, login: Login) -> Connection:
        hosts = self._names.addresses(self._address.host)
        return connect(self._address, hosts, login, self._tls(self._address.ca), self._limits)
