"""What an error of PyMySQL means: a code, and a detail without any of the server's text that may quote a value."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

import pymysql
from pymysql.constants import CR

from handler.adapters import dialect
from handler.adapters.binding import finds_only_equal
from handler.addresses import DatabaseAddress
from handler.errors import SourceError
from handler.model import Value

_FIRST_SERVER_ERROR: Final = 1000


class ConnectionLostError(SourceError):
    """The server or the network ended the connection: a new one may do."""


class NoSuchTextError(SourceError):
    """No row can match: a column cannot hold the text that it is compared with."""


def of_connecting(address: DatabaseAddress, error: Exception) -> SourceError:
    """Why no session was opened: a SourceError (DB_*)."""
    place = f"{address.name} ({address.host}:{address.port})"
    cause = error if isinstance(error, OSError) else error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return SourceError("DB_TLS", f"{place}: {cause.verify_message}")
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return SourceError("DB_TLS", f"{place}: {cause.reason}")
    if isinstance(cause, OSError):
        return SourceError("DB_UNAVAILABLE", f"{place}: {cause.strerror or type(cause).__name__}")
    number, code = _classified(error)
    if code == "DB_TIME_ZONE":
        return SourceError(code, f"{place}: {address.time_zone}")
    if code.startswith("QUERY_") or code == "DB_UNKNOWN_ERROR":  # no statement of a template's has been sent
        code = "DB_UNAVAILABLE"
    if number == CR.CR_SSL_CONNECTION_ERROR:
        return SourceError(code, f"{place}: the server offers no TLS")
    return SourceError(code, f"{place}: error {number}" if number else f"{place}: no MySQL is spoken there")


def of_statement(
    name: str,
    sql: str,
    bound: Mapping[str, Value],
    error: pymysql.MySQLError,
    read_seconds: float,
    statement_seconds: float,
) -> SourceError:
    """Why a statement failed: a ConnectionLostError, a NoSuchTextError, or another SourceError (DB_*, QUERY_*).

    `sql` is the statement without its values, which are `bound` by name: names that stand in it may be repeated.
    """
    if isinstance(error.__context__, TimeoutError):
        return SourceError("DB_TIMEOUT", f"{name}: no answer within {read_seconds:g} s")
    number, code = _classified(error)
    if number in dialect.LOST:
        return ConnectionLostError("DB_UNAVAILABLE", f"{name}: the connection was lost, error {number}")
    if code == "DB_TIMEOUT":
        return SourceError(code, f"{name}: error {number}, the limit is {statement_seconds:g} s")
    message = str(error.args[-1])
    lacking = [key for key, value in bound.items() if dialect.lacks_character_of(number, message, str(value))]
    if lacking and finds_only_equal(sql, lacking):
        return NoSuchTextError(code, f"{name}: error {number}")
    refusal = dialect.refusal(number, message, sql)
    return SourceError(code, f"{name}: error {number}" + (f", {refusal}" if refusal else ""))


def is_servers(error: pymysql.MySQLError) -> bool:
    """Whether the server said this, in an answer that ends with it; 2000 to 2999 are the client's own errors.

    https://dev.mysql.com/doc/refman/8.4/en/error-message-elements.html
    """
    number, _ = _classified(error)
    return number >= _FIRST_SERVER_ERROR and number not in dialect.CLIENT_ERRORS


def _classified(error: Exception) -> tuple[int, str]:
    """The error's number (0 where PyMySQL gives none: it lost the thread of the protocol), and its code."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    return number, dialect.code_of(number, getattr(error, "sqlstate", None))
