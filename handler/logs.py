"""The function's log: its own lines at the level that the deployment sets, and only warnings of libraries.

Libraries log what they send and receive: at DEBUG, botocore writes the answers of the secret store and the session
token. We cannot know in advance which libraries do, so the rule holds for every logger except our own. Their
warnings quote values too, such as an address with its query, so these lines are logged without values.
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
    """Keep values out of all that is logged from now on; `service` is the logger of the function's own lines.

    Loggers take the root logger's level, unless they have one of their own: then the filter keeps them quiet.
    Call it after the loggers have their handlers; to call it again changes nothing.
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
    """A message whose values were left out already: a record may pass several handlers."""

    __slots__ = ()


@frozen
class LibraryFilter:
    """Lets the records of `own` loggers pass, and those of the others from WARNING on, without any value in them."""

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
    """Whether the message is a constant of the code that logs it: one that is put together may hold any value."""
    frame = inspect.currentframe()
    while frame and (frame.f_code.co_filename, frame.f_lineno) != (record.pathname, record.lineno):
        frame = frame.f_back
    return frame is not None and isinstance(record.msg, str) and record.msg in frame.f_code.co_consts


def _error_places(exc_info: Any) -> list[str]:
    """The exception and its causes, each by its type and its place."""
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
    """Log a warning of the `warnings` module by its type and its place."""
    _logger.warning("%s at %s:%d", category.__name__, Path(filename).name, lineno)
