"""One session with a database server: opened over verified TLS, read-only, in UTC, within limits; and one SELECT."""

from __future__ import annotations

import json
import re
import socket
import ssl
import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import pymysql
from pymysql.cursors import SSCursor

from handler.adapters import dialect, faults
from handler.adapters.rows import CONVERSIONS
from handler.errors import ConfigError, SourceError
from handler.model import Value
from handler.places import DatabaseAddress

Connection: TypeAlias = "pymysql.Connection[Stream]"

# As RDS keeps the secrets that it manages.
LOGIN_FORM: Final = 'JSON with "username" and "password"'
LOGIN_PATTERN: Final = re.compile(r"\{.*\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a lookup may take, in seconds, and how many rows any lookup may ever return.

    `connect` and `read` are for one answer of the network each, so that a lookup ends after the longer of them where
    nothing answers, and after both where the connection had to be replaced first. `statement` is the server's limit:
    the shorter one, so that it ends the statement before we stop listening. Connections that idle longer than `idle`
    are replaced: NAT gateways and load balancers drop them after 350 s, and say nothing.
    """

    connect: float = 3.0
    read: float = 5.0
    statement: float = 3.0
    idle: float = 60.0
    rows: int = 1000


@dataclass(frozen=True, slots=True)
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


def connect(
    address: DatabaseAddress, hosts: Sequence[str], login: Login, context: ssl.SSLContext, limits: Limits
) -> Connection:
    """Open a session with the first of the hosts (literal addresses) that takes a connection.

    The password leaves only after the server's certificate and name were verified. Raises SourceError (DB_*).
    """
    if not (context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED):
        raise SourceError("DB_TLS", f"{address.name}: the TLS context that was given does not verify")
    try:
        connection = pymysql.Connection(
            host=address.host,
            port=address.port,
            user=login.username,
            password=login.password.encode(),
            database=address.schema,
            ssl=context,
            charset="utf8mb4",
            autocommit=True,
            conv=CONVERSIONS,
            cursorclass=Stream,
            init_command=dialect.session_sql(limits.statement, limits.rows + 1, 2 * limits.idle),
            connect_timeout=limits.connect,
            read_timeout=limits.read,
            write_timeout=limits.read,
            defer_connect=True,
        )
        connection.connect(_socket(hosts, address.port, limits.connect))
    except (OSError, pymysql.MySQLError, struct.error, LookupError, ValueError) as error:
        # The last three are met by a strange greeting.
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
    connection: Connection, sql: str, parameters: Mapping[str, Value], limit: int
) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
    """The names of a SELECT's columns, and its rows. Raises SourceError (QUERY_*, TOO_MANY_ROWS), pymysql.MySQLError.

    After an error of another kind than the server's the result may not have been read to its end.
    """
    with connection.cursor() as cursor:
        cursor.execute(_statement(cursor, sql, parameters))
        columns = [column[0] for column in cursor.description or ()]
        found = cursor.fetchmany(limit + 1)
        if len(found) > limit:
            raise SourceError("TOO_MANY_ROWS", f"more than {limit}")
        if cursor.warning_count and dialect.is_incomplete(_warnings(cursor)):
            raise SourceError("QUERY_INVALID", "the server cut the result short: a recursion without end")
    return columns, found


def _warnings(cursor: Stream) -> list[int]:
    """The numbers of the last statement's warnings."""
    cursor.execute("SHOW WARNINGS")
    return [number for _level, number, _message in cursor.fetchall()]


def _statement(cursor: Stream, sql: str, parameters: Mapping[str, Value]) -> str:
    """The SQL with its parameters written in."""
    try:
        statement = cursor.mogrify(sql, dict(parameters))
        statement.encode()  # fails on half a surrogate pair
    except (KeyError, TypeError, ValueError, pymysql.ProgrammingError) as error:
        raise SourceError("QUERY_INVALID", f"the parameters do not fit the SQL: {type(error).__name__}") from None
    return statement
