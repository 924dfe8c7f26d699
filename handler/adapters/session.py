"""One session with a database server: opened over verified TLS, read-only, within limits; and one SELECT."""

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

from handler.adapters import dialect, faults, server_warnings
from handler.adapters.binding import written
from handler.adapters.rows import conversions, label
from handler.addresses import DatabaseAddress
from handler.errors import ConfigError, SourceError
from handler.frozen import frozen
from handler.local_time import zone
from handler.model import Value

# As RDS keeps the secrets that it manages.
LOGIN_FORM: Final = 'JSON with "username" and "password"'
LOGIN_PATTERN: Final = re.compile(r"\{.*\}", re.DOTALL)

# More than any server sends before the first statement, and more than all the warnings that it keeps (each is a text of
# at most 512 bytes).
_GREETING_BYTES: Final = 1 << 16
_WARNINGS_BYTES: Final = dialect.MAX_WARNINGS << 10
# The types whose values have no small size, and how many columns of them an error names.
_LONG: Final = frozenset({FIELD_TYPE.JSON, *range(FIELD_TYPE.TINY_BLOB, FIELD_TYPE.STRING + 1), FIELD_TYPE.VARCHAR})
_NAMED: Final = 5
# Those that PyMySQL can read; it takes another one's bytes for ASCII, such as those of MySQL 9's VECTOR.
_KNOWN: Final = frozenset(value for name, value in vars(FIELD_TYPE).items() if name.isupper())


@frozen
class Limits:
    """How long a lookup may take, in seconds, and how much any lookup may ever return: rows, and bytes on the wire.

    A text takes up to four times its bytes in memory: one character beyond the BMP widens all the others. While a row
    is read it is there as a packet and as values; so a lookup takes at most some 12 MiB.

    `connect` and `read` are for one answer of the network each, so that a lookup ends after the longer of them where
    nothing answers, and after both where the connection had to be replaced first. `statement` is the server's limit:
    the shorter one, so that it ends the statement before we stop listening. Connections that idle longer than `idle`
    are replaced: NAT gateways and load balancers drop them after 350 s, and say nothing.
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
        """Read the secret `name`; keys beside those of LOGIN_FORM are for others. Raises ConfigError."""
        try:
            fields = json.loads(secret)
            found = [fields["username"], fields["password"]]
        except (ValueError, TypeError, KeyError):
            found = []
        if not found or not all(isinstance(text, str) and text for text in found):
            raise ConfigError("CONFIG_SECRET_FORMAT", f"{name} is not {LOGIN_FORM}")
        return cls(*found)


class Stream(SSCursor):
    """Reads rows as they come, so that too many of them never fill the memory.

    PyMySQL's own reads on to the end of the result when it is closed, even where the connection is gone.
    """

    _result: Any

    def close(self) -> None:
        """Let go of the result. Unless it was read to its end, the session has to be closed too."""
        if self._result is not None:
            self._result.unbuffered_active = False
        super().close()


class TooLargeError(Exception):
    """A statement's answer is too large. The rest of it was not read, and the connection is closed."""


class Connection(pymysql.Connection):
    """A PyMySQL connection that limits how many bytes of an answer it reads."""

    _left: int = _GREETING_BYTES

    def allow(self, size: int) -> None:
        """Set how many bytes the next answer may have."""
        self._left = size

    def _read_bytes(self, num_bytes: int) -> bytes:
        """PyMySQL reads a packet's header first, and then the size that it gives at once: so stop before that."""
        self._left -= num_bytes
        if self._left < 0:
            self._force_close()  # type: ignore[attr-defined]
            raise TooLargeError
        return super()._read_bytes(num_bytes)  # type: ignore[misc,no-any-return]


def connect(
    address: DatabaseAddress, hosts: Sequence[str], login: Login, context: ssl.SSLContext, limits: Limits
) -> Connection:
    """Open a session with the first of the hosts (literal addresses) that takes a connection.

    The password leaves only after the server's certificate and name were verified. Raises SourceError (DB_*).
    """
    if not (context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED):
        raise SourceError("DB_TLS", f"{address.name}: the TLS context that was given does not verify")
    local = zone(address.time_zone)
    try:
        connection = Connection(
            host=address.host,
            port=address.port,
            user=login.username,
            password=login.password.encode(),
            database=address.schema,
            ssl=context,
            charset="utf8mb4",
            autocommit=True,
            conv=conversions(local),
            cursorclass=Stream,
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
        # The last four are met by a strange greeting.
        raise faults.of_connecting(address, error) from None
    return connection


def _socket(hosts: Sequence[str], port: int, seconds: float) -> socket.socket:
    """Try the addresses in turn, each with its share of what is left of the time. Raises OSError."""
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
    """The names of a SELECT's columns, and its rows: at most so many, and of at most `size` bytes together.

    Raises SourceError (QUERY_*, TOO_MANY_ROWS, ROWS_TOO_LARGE), pymysql.MySQLError. After an error of another kind than
    the server's and LostValueError the result may not have been read to its end.
    """
    with connection.cursor(Stream) as cursor:
        connection.allow(size)
        try:
            cursor.execute(written(cursor, sql, parameters))
            _check_types(cursor, parameters)
            found = cursor.fetchmany(rows + 1)
        except (ArithmeticError, UnicodeDecodeError):
            detail = "a value that is not of its column's type, as of a BIT in IF or CASE"
            raise SourceError("ROW_VALUE_UNSUPPORTED", detail) from None
        except TooLargeError:
            raise SourceError("ROWS_TOO_LARGE", _too_large(cursor, parameters, size)) from None
        columns = [column[0] for column in cursor.description or ()]
        if len(found) > rows:
            raise SourceError("TOO_MANY_ROWS", f"more than {rows}")
        if count := cursor.warning_count:  # known only once the last row was read
            connection.allow(_WARNINGS_BYTES)
            cursor.execute("SHOW WARNINGS")
            server_warnings.check(cursor.fetchall(), count, sql)
    return columns, found


def _check_types(cursor: Stream, parameters: Mapping[str, Value]) -> None:
    """Raise SourceError (ROW_VALUE_UNSUPPORTED) for the first column whose type PyMySQL does not know."""
    described = cursor.description or ()
    for at, column in enumerate(described):
        if column[1] not in _KNOWN:
            name = label([each[0] for each in described], at, parameters.values())
            raise SourceError("ROW_VALUE_UNSUPPORTED", name)


def _too_large(cursor: Stream, parameters: Mapping[str, Value], size: int) -> str:
    """In words, with the columns that can be long."""
    described = cursor.description or ()
    columns = [column[0] for column in described]
    long = [label(columns, at, parameters.values()) for at, column in enumerate(described) if column[1] in _LONG]
    named = f"; columns that can be long: {', '.join(long[:_NAMED])}" if long else ""
    return f"more than {size >> 10} KiB{named}"
