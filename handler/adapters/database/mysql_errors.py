"""What a PyMySQL error means: a code, and a detail that repeats nothing of the server's text that may quote a value."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import pymysql
from pymysql.constants import CR

from handler.adapters.database import dialect
from handler.adapters.database.binding import finds_only_equal
from handler.addresses import DatabaseAddress, is_this_machine
from handler.errors import SourceError
from handler.model import Value

_FIRST_SERVER_ERROR: Final = 1000


class ConnectionLostError(SourceError):
    """The server or the network ended the connection. A new connection may work."""


class NoMatchPossibleError(SourceError):
    """No row can match, because the column cannot hold the text that it is compared with."""


def connect_error(address: DatabaseAddress, error: Exception) -> SourceError:
    """Return why no session was opened: a SourceError (DB_*)."""
    place = f"{address.name} ({address.host}:{address.port})"
    cause = error if isinstance(error, OSError) else error.__context__
    instead = "; for a server on this machine write ;tls=off" if is_this_machine(address.host) else ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SourceError("DB_TLS", f"{place}: {cause.verify_message}{instead}")
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return SourceError("DB_TLS", f"{place}: {cause.reason}")
    if isinstance(cause, OSError):
        return SourceError("DB_UNAVAILABLE", f"{place}: {cause.strerror or type(cause).__name__}")
    number, code = _classify(error)
    if code == "DB_TIME_ZONE":
        return SourceError(code, f"{place}: {address.time_zone}")
    if code.startswith("QUERY_") or code == "DB_UNKNOWN_ERROR":  # no statement of a template was sent yet
        code = "DB_UNAVAILABLE"
    if number == CR.CR_SSL_CONNECTION_ERROR:
        return SourceError(code, f"{place}: the server offers no TLS{instead}")
    return SourceError(
        code, f"{place}: error {number}" if number else f"{place}: the server does not speak the MySQL protocol"
    )


def statement_error(
    name: str,
    sql: str,
    bound: Mapping[str, Value],
    error: pymysql.MySQLError,
    read_seconds: float,
    statement_seconds: float,
) -> SourceError:
    """Return why a statement failed: ConnectionLostError, NoMatchPossibleError, or another SourceError (DB_*, QUERY_*).

    `sql` is the statement without its values; names that occur in it may be repeated. `bound` are the values by name.
    """
    if isinstance(error.__context__, TimeoutError):
        return SourceError("DB_TIMEOUT", f"{name}: no answer within {read_seconds:g} s")
    number, code = _classify(error)
    if number in dialect.CONNECTION_LOST:
        return ConnectionLostError("DB_UNAVAILABLE", f"{name}: the connection was lost, error {number}")
    if code == "DB_TIMEOUT":
        return SourceError(code, f"{name}: error {number}, the limit is {statement_seconds:g} s")
    message = str(error.args[-1])
    lacking = [key for key, value in bound.items() if dialect.lacks_character_of(number, message, str(value))]
    if lacking and finds_only_equal(sql, lacking):
        return NoMatchPossibleError(code, f"{name}: error {number}")
    description = dialect.describe(number, message, sql)
    return SourceError(code, f"{name}: error {number}" + (f", {description}" if description else ""))


def is_server_error(error: pymysql.MySQLError) -> bool:
    """Whether the error came from the server and ended its answer; 2000 to 2999 are the client's own errors.

    https://dev.mysql.com/doc/refman/8.4/en/error-message-elements.html
    """
    number, _ = _classify(error)
    return number >= _FIRST_SERVER_ERROR and number not in dialect.CLIENT_ERRORS


def _classify(error: Exception) -> tuple[int, str]:
    """Return the error's number and its code. The number is 0 where PyMySQL gives none, as for a broken protocol."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return number, dialect.code_of(number, getattr(error, "sqlstate", None))
