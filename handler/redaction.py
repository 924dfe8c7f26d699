"""Keeps secrets out of the log, whoever logs them: the last defence, after errors that hold none to begin with."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any, Final

_MARK: Final = "[redacted]"

# Bounded where they could begin often, so that no text, however long, takes more than a moment.
_SECRETS: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Slack: tokens (https://docs.slack.dev/authentication/tokens), and webhooks, whose address is the secret.
        (r"(?:xoxe\.)?xox[a-z]-[A-Za-z0-9_-]{6,}", _MARK),
        (r"xapp-[A-Za-z0-9_-]{6,}", _MARK),
        (r"https?://hooks\.slack[^\s/\"'<>]{0,60}/[^\s\"'<>]+", _MARK),
        (r"/(services|workflows|triggers)/[TE][A-Z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9/]+", rf"/\1/{_MARK}"),
        # HTTP: what stands in an Authorization header, and JSON web tokens.
        (r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?[a-z]{1,20}\s+)[A-Za-z0-9._~+/=-]+", rf"\1{_MARK}"),
        (r"(?i)\b(bearer\s+)(?=\S*[0-9])[A-Za-z0-9._~+/=-]{6,}", rf"\1{_MARK}"),
        (r"\beyJ[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*", _MARK),
        # AWS: access key ids, long-lived and temporary.
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", _MARK),
        # user:password@host in an address, and a password or token by name.
        (r"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,99}:)[^\s\"'<>]{1,999}@", rf"\1{_MARK}@"),
        (r"(?i)((?:password|passwd|secret|token)[\"']?\s*[:=]\s*)(\"[^\"]+\"|'[^']+'|[^\s\"',;&}]+)", rf"\1{_MARK}"),
    )
)

# What every record has; the rest is what a caller gave as `extra`.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def redact(text: str) -> str:
    """Return the text with everything that has the form of a secret replaced by `[redacted]`."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class RedactingFilter(logging.Filter):
    """Lets every record pass, without its secrets: in the message, its arguments, `extra` and the exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it holds a secret, and only there."""
        _redact_message(record)
        _redact_exception(record)
        for key in vars(record).keys() - _STANDARD:
            setattr(record, key, _redacted(getattr(record, key)))
        return True


_FILTER: Final = RedactingFilter()


def install(*loggers: logging.Logger) -> None:
    """Filter what these loggers write: at their handlers, because a logger's own filter misses its children's records.

    Call it after the loggers have their handlers; to call it again changes nothing.
    """
    for logger in loggers:
        for handler in logger.handlers:
            handler.addFilter(_FILTER)


def _redact_message(record: logging.LogRecord) -> None:
    if isinstance(record.msg, dict | list):
        record.msg = _redacted(record.msg)
        return
    try:
        said = record.getMessage()
    except (TypeError, ValueError, KeyError):  # they do not fit, and logging would print them all to say so
        record.msg, record.args = f"{record.msg} (with arguments that do not fit)", None
        said = record.msg
    clean = redact(said)
    if clean != said or not isinstance(record.msg, str):
        record.msg, record.args = clean, None


def _redact_exception(record: logging.LogRecord) -> None:
    """Replace the exception by its redacted text, which formatters read at `exc_text`, Powertools' at `exception`."""
    if not record.exc_info or not record.exc_info[0]:
        return
    said = "".join(traceback.format_exception(*record.exc_info))
    clean = redact(said)
    if clean == said:
        return
    extra: dict[str, Any] = {"exception": clean, "exception_name": record.exc_info[0].__name__}
    record.exc_info, record.exc_text = None, clean
    vars(record).update(extra)


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case dict():
            return {key: _redacted(one) for key, one in value.items()}
        case list() | tuple():
            return [_redacted(one) for one in value]
        case _:
            return value
