"""One session with a database server: verified TLS, read-only, with limits. It runs one SELECT at a time."""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor

from handler.adapters.database import dialect, mysql_errors, server_warnings
from handler.adapters.database.binding import bind
from handler.adapters.database.rows import conversions, label
from handler.addresses import DatabaseAddress, is_this_machine
from handler.errors import ConfigError, SourceError
from handler.frozen import frozen
from handler.local_time import zone
from handler.model import Value

# The form of the secrets that RDS manages.
LOGIN_FORM: Final = 'JSON with "username" and "password"'
LOGIN_PATTERN: Final = re.compile(r"\{.*\}", re.DOTALL)

# Larger than what a server sends before the first statement, and larger than all the warnings that it keeps (a warning
# has at most 512 bytes).
_GREETING_BYTES: Final = 1 << 16
_WARNINGS_BYTES: Final = dialect.MAX_WARNINGS << 10
# Types whose values can be long, and how many columns of these types an error names.
_LONG_TYPES: Final = frozenset(
    {FIELD_TYPE.JSON, *range(FIELD_TYPE.TINY_BLOB, FIELD_TYPE.STRING + 1), FIELD_TYPE.VARCHAR}
)
_MAX_NAMED_COLUMNS: Final = 5
# Types that PyMySQL can read. It decodes the bytes of any other type, such as MySQL 9's VECTOR, as ASCII.
_READABLE_TYPES: Final = frozenset(value for name, value in vars(FIELD_TYPE).items() if name.isupper())


@frozen
class Limits:
    """Limits of a lookup: times in seconds, the number of rows, and bytes on the wire.

    A text takes up to four times its bytes in memory: one character beyond the BMP widens all the others. While a row
    is read, memory holds both its packet and its values, so a lookup needs at most about 12 MiB.

    `connect` and `read` each limit one answer from the network. If nothing answers, a lookup ends after the longer of
    them, or after both if the connection had to be replaced first. `statement` is the server's limit. It is shorter
    than `read`, so that the server ends the statement before the client stops waiting. Connections that were idle
    longer than `idle` are replaced: NAT gateways and load balancers drop them after 350 s without notice.
    """

    connect: float = 3.0
    read: float = 5.0
    statement: float = 3.0
    idle: float = 60.0
    rows: int = 10_000
    bytes: int = 2 << 20


@frozen
class Login:
    """An account of the database."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, name: str, secret: str) -> Login:
        """Read the secret `name`. Keys other than those of LOGIN_FORM are ignored. Raises ConfigError."""
        try:
            fields = json.loads(secret)
            found = [fields["username"], fields["password"]]
        except (ValueError, TypeError, KeyError):
            found = []
        if not found or not all(isinstance(text, str) and text for text in found):
            raise ConfigError("CONFIG_SECRET_FORMAT", f"{name} is not {LOGIN_FORM}")
        return cls(*found)


class StreamingCursor(SSCursor):
    """Reads rows one by one, so that too many rows never fill the memory.

    PyMySQL's own cursor, when it is closed, reads the rest of the result, even if the connection is gone.
    """

    _result: Any

    def close(self) -> None:
        """Release the result. If it was not read to its end, the session has to be closed too."""
        if self._result is not None:
            self._result.unbuffered_active = False
        super().close()


class TooLargeError(Exception):
    """A statement's answer is too large. The rest was not read, and the connection is closed."""


class Connection(pymysql.Connection):
    """A PyMySQL connection that limits how many bytes of an answer it reads."""

    _bytes_left: int = _GREETING_BYTES

    def limit_answer(self, size: int) -> None:
        """Limit the next answer to so many bytes."""
        self._bytes_left = size

    def _read_bytes(self, num_bytes: int) -> bytes:
        """Stop before a packet that is too large: PyMySQL reads its header first, then all of its bytes at once."""
        self._bytes_left -= num_bytes
        if self._bytes_left < 0:
            self._force_close()  # type: ignore[attr-defined]
            raise TooLargeError
        return super()._read_bytes(num_bytes)  # type: ignore[misc,no-any-return]


def connect(
    address: DatabaseAddress, hosts: Sequence[str], login: Login, context: ssl.SSLContext, limits: Limits
) -> Connection:
    """Open a session with the first of the hosts (literal addresses) that accepts a connection.

    The password is sent only after the server's certificate and name are verified, unless the server is on this
    machine and its address says tls=off; then TLS is used where it is offered. Raises SourceError (DB_*).
    """
    if not address.tls:
        if not all(map(is_this_machine, hosts)):
            raise SourceError("DB_TLS", f"{address.name}: tls=off, but {address.host} is not this machine")
    elif not (context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED):
        raise SourceError("DB_TLS", f"{address.name}: the TLS context that was given does not verify")
    local = zone(address.time_zone)
    try:
        connection = Connection(
            host=address.host,
            port=address.port,
            user=login.username,
            password=login.password.encode(),
            database=address.schema,
            ssl=context if address.tls else None,
            charset="utf8mb4",
            autocommit=True,
            conv=conversions(local),
            cursorclass=StreamingCursor,
            init_command=dialect.session_sql(
                local.session, limits.statement, limits.rows + 1, limits.bytes, 2 * limits.idle
            ),
            connect_timeout=limits.connect,
            read_timeout=limits.read,
            write_timeout=limits.read,
            defer_connect=True,
        )
        connection.connect(_socket(hosts, address.port, limits.connect))
    except (OSError, pymysql.MySQLError, struct.error, LookupError, ValueError, TooLargeError) as error:
        # A malformed greeting causes the last four.
        raise mysql_errors.connect_error(address, error) from None
    return connection


def _socket(hosts: Sequence[str], port: int, seconds: float) -> socket.socket:
    """Try the addresses in turn, each with an equal share of the remaining time. Raises OSError."""
    until = time.monotonic() + seconds
    for number, host in enumerate(hosts):
        share = (until - time.monotonic()) / (len(hosts) - number)
        try:
            made = socket.create_connection((host, port), max(share, 0.001))
        except OSError:
            if number == len(hosts) - 1:
                raise
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    raise TimeoutError


def run(
    connection: Connection, sql: str, parameters: Mapping[str, Value], rows: int, size: int
) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
    """Run a SELECT; return the names of its columns and its rows: at most `rows` rows and `size` bytes in total.

    Raises SourceError (QUERY_*, TOO_MANY_ROWS, ROWS_TOO_LARGE), pymysql.MySQLError. After a server error or a
    LostValueError the result was read to its end; after any other error it may not have been.
    """
    with connection.cursor(StreamingCursor) as cursor:
        connection.limit_answer(size)
        try:
            cursor.execute(bind(cursor, sql, parameters))
            _check_types(cursor, parameters)
            found = cursor.fetchmany(rows + 1)
        except (ArithmeticError, UnicodeDecodeError):
            detail = "a value does not have its column's type, such as a BIT in IF or CASE"
            raise SourceError("ROW_VALUE_UNSUPPORTED", detail) from None
        except TooLargeError:
            raise SourceError("ROWS_TOO_LARGE", _too_large(cursor, parameters, size)) from None
        columns = [column[0] for column in cursor.description or ()]
        if len(found) > rows:
            raise SourceError("TOO_MANY_ROWS", f"more than {rows}")
        if count := cursor.warning_count:  # known only once the last row was read
            connection.limit_answer(_WARNINGS_BYTES)
            cursor.execute("SHOW WARNINGS")
            server_warnings.check(cursor.fetchall(), count, sql)
    return columns, found


def _check_types(cursor: StreamingCursor, parameters: Mapping[str, Value]) -> None:
    """Raise SourceError (ROW_VALUE_UNSUPPORTED) for the first column whose type PyMySQL does not know."""
    described = cursor.description or ()
    for at, column in enumerate(described):
        if column[1] not in _READABLE_TYPES:
            name = label([each[0] for each in described], at, parameters.values())
            raise SourceError("ROW_VALUE_UNSUPPORTED", name)


def _too_large(cursor: StreamingCursor, parameters: Mapping[str, Value], size: int) -> str:
    """Return the detail of the error, with the columns that can be long."""
    described = cursor.description or ()
    columns = [column[0] for column in described]
    long = [label(columns, at, parameters.values()) for at, column in enumerate(described) if column[1] in _LONG_TYPES]
    named = f"; columns that can be long: {', '.join(long[:_MAX_NAMED_COLUMNS])}" if long else ""
    return f"more than {size >> 10} KiB{named}"
