"""The read replicas: to each one kept, verified, read-only connection, opened in the init phase or when it is needed.

The traps that this is built around:

- Without autocommit a kept connection sees its first snapshot for ever, and a row that is replicated later never.
- PyMySQL's default takes any server, with TLS or without. Given a context, it goes on only once that has verified.
- A read timeout of ours leaves the statement running on the server. So the server has a limit too, which is shorter;
  and after such a timeout nothing is repeated. A connection that the other side closed is replaced, once per lookup.
- A limit that is hit does not always raise: MariaDB's BENCHMARK returns an ordinary row. So the time is measured.
- An execution environment is frozen between events, and what stands between cuts idle connections without a word.
- A text that is compared with an integer column is cut to its leading digits: '1abc' finds row 1, with a mere warning.
  So warnings are read. A number finds the text '007' without one: see binding.py.
- One row can be larger than the function's memory: so bytes are counted before they are read.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pymysql

from handler.adapters import rows
from handler.adapters.credential import Credential
from handler.adapters.database_token import database_token
from handler.adapters.faults import ConnectionLostError, NoSuchTextError, is_servers, of_statement
from handler.adapters.replication import ReplicationStatus
from handler.adapters.server_warnings import LostValueError
from handler.adapters.session import LOGIN_FORM, LOGIN_PATTERN, Connection, Limits, Login, connect, run
from handler.addresses import DatabaseAddress
from handler.clock import Clock
from handler.errors import SourceError
from handler.model import Replication, Row, Value
from handler.ports import Names, Secrets

LIMITS: Final = Limits()


class Replicas:
    """ports.Database over PyMySQL; for one thread, as a connection of PyMySQL is.

    `tls` gives the shared context that trusts a CA file (empty: the public ones), `names` the addresses of a host at
    the moment of connecting. The login of the database `name` is the secret `databases/<name>`, unless its address
    says otherwise; where the server refuses it, the secret is read anew.
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
            raise SourceError("DB_UNKNOWN", f"{database}; there are: {', '.join(sorted(self._replicas)) or 'none'}")
        return replica.select(sql, parameters, limit)

    def replicating(self, database: str) -> Replication | None:
        """Return whether the replica follows its primary; None where it does not say. Raises nothing."""
        replica = self._replicas.get(database)
        return replica.replication.read() if replica else None

    def connect(self, database: str) -> None:
        """Log in to a database, so that its next lookup finds a connection.

        Raises SourceError (DB_*), ConfigError; KeyError for a database that is not deployed.
        """
        self._replicas[database].connected()

    def close(self) -> None:
        """Close what is open. The next lookup opens anew."""
        for replica in self._replicas.values():
            replica.close()


class _Replica:
    """One database, and the connection to it."""

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
            return self._repeated(sql, parameters, limit)
        except NoSuchTextError:
            return []

    def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None and kept.open:
            kept.close()

    def _repeated(self, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        try:
            return self._attempt(sql, parameters, limit)
        except ConnectionLostError:
            return self._attempt(sql, parameters, limit)

    def _attempt(self, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        with self._session(sql, parameters) as connection:
            started = self._clock.now()
            columns, found = run(connection, sql, parameters, min(limit, self._limits.rows), self._limits.bytes)
        if self._clock.age(started) >= self._limits.statement:
            raise SourceError("DB_TIMEOUT", f"{self._address.name}: over the limit of {self._limits.statement:g} s")
        return rows.named(columns, found, parameters.values())

    def _show(self, sql: str) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
        with self._session(sql, {}) as connection:
            return run(connection, sql, {}, self._limits.rows, self._limits.bytes)

    @contextmanager
    def _session(self, sql: str, parameters: Mapping[str, Value]) -> Iterator[Connection]:
        """The connection for a statement, kept on only where that ended cleanly, be it with an error of the server."""
        try:
            yield self.connected()
        except pymysql.MySQLError as error:
            limits = self._limits
            trouble = of_statement(self._address.name, sql, parameters, error, limits.read, limits.statement)
            if isinstance(trouble, ConnectionLostError) or not is_servers(error):
                self.close()
            raise trouble from None
        except LostValueError:
            raise
        except BaseException:
            self.close()
            raise
        finally:
            self._used_at = self._clock.now()

    def connected(self) -> Connection:
        if self._kept is None or not self._kept.open or self._clock.age(self._used_at) > self._limits.idle:
            self.close()
            self._kept = self._connect()
        return self._kept

    def _connect(self) -> Connection:
        if self._address.iam_user:
            return self._open(database_token(self._address))
        return self._credential.use(
            lambda secret: self._open(Login.parse(self._credential.name, secret)), refusal="DB_LOGIN"
        )

    def _open(self, login: Login) -> Connection:
        hosts = self._names.addresses(self._address.host)
        return connect(self._address, hosts, login, self._tls(self._address.ca), self._limits)
