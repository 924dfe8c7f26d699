"""The function's log: its own lines at the level that the deployment sets, and only warnings from libraries.

Libraries log what they send and receive: at DEBUG, botocore writes the answers of the secret store and the session
token. Nobody can list all libraries that do so; therefore the rule applies to every logger except the function's own.
Warnings of libraries contain values too, such as an address with its query, so they are logged without values.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from pathlib import Path
from typing import Any, Final, TextIO

from handler import redaction
from handler.errors import named
from handler.frozen import frozen

# The loggers of this package are below this one.
_PACKAGE: Final = "handler"
# What Lambda's own filter adds to a record, and its formatter reads.
_LAMBDA_FIELDS: Final = frozenset({"aws_request_id", "tenant_id", "_frame_type"})

_logger: Final = logging.getLogger(__name__)


def set_up(service: logging.Logger) -> None:
    """From now on, log no values of libraries. `service` is the logger of the function's own lines.

    Loggers use the root logger's level. A filter handles those with a level of their own.
    Call it after the loggers have their handlers. A second call changes nothing.
    """
    root = logging.getLogger()
    root.setLevel(max(root.level, logging.WARNING))
    logging.getLogger(_PACKAGE).setLevel(service.level)
    libraries = LibraryFilter((service.name, _PACKAGE))
    loggers = [root, *(one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger))]
    for logger in loggers:
        for handler in logger.handlers:
            handler.addFilter(libraries)
    redaction.install(*loggers)
    warnings.showwarning = _log_warning


class _ValueFree(str):
    """A message whose values are already removed. A record may pass several handlers."""

    __slots__ = ()


@frozen
class LibraryFilter:
    """Passes the records of `own` loggers, and of other loggers only warnings and errors, without values."""

    own: tuple[str, ...]

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop the record, or reduce it to the text in the library's source code and the place of that text."""
        if any(record.name == name or record.name.startswith(f"{name}.") for name in self.own):
            return True
        if record.levelno < logging.WARNING:
            return False
        if not isinstance(record.msg, _ValueFree):
            _remove_values(record)
        return True


def _remove_values(record: logging.LogRecord) -> None:
    message = record.msg if _is_constant(record) else "a text with values"
    parts = [f"{Path(record.pathname).name}:{record.lineno}", *_error_places(record.exc_info), "values are left out"]
    record.msg, record.args = _ValueFree(f"{message} ({', '.join(parts)})"), None
    record.exc_info = record.exc_text = record.stack_info = None
    for name in vars(record).keys() - redaction.STANDARD - _LAMBDA_FIELDS:
        delattr(record, name)


def _is_constant(record: logging.LogRecord) -> bool:
    """Whether the message is a constant in the code that logs it. Any other message may contain values."""
    frame = inspect.currentframe()
    while frame and (frame.f_code.co_filename, frame.f_lineno) != (record.pathname, record.lineno):
        frame = frame.f_back
    return frame is not None and isinstance(record.msg, str) and record.msg in frame.f_code.co_consts


def _error_places(exc_info: Any) -> list[str]:
    """Return the type and place of the exception and of each of its causes."""
    error = exc_info[1] if exc_info else None
    found: list[str] = []
    while error and len(found) < 5:
        found.append(named(error).detail)
        error = error.__cause__ or error.__context__
    return found


def _log_warning(
    message: Warning | str,  # noqa: ARG001 - its text may hold values
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - it goes to the log
    line: str | None = None,  # noqa: ARG001 - the same
) -> None:
    """Log only the type and place of a warning from the `warnings` module."""
    _logger.warning("%s at %s:%d", category.__name__, Path(filename).name, lineno)
