"""Turns every error that Python or Jinja raises for an author's text into a DiagnosedError with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from handler.errors import NotifierError, TemplateError
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.time_limit import TimeOverError

if TYPE_CHECKING:
    from handler.templating.kinds import Kind

# Patterns of the messages of Jinja and Python, for each type of error. The first match counts. The groups are fields of
# a Diagnosis: names and symbols of the template, and types. Patterns are compiled when they are first needed.
_SYNTAX: Final[tuple[tuple[str, Kind], ...]] = (
    (r"^expected token '(?P<name>.+)', got 'end of template'", "unclosed"),
    (r"^unexpected end of template, expected '(?P<name>.+)'", "unclosed"),
    (r"^Unexpected end of template\..* needs to be closed is '(?P<owner>\w+)'", "block_unclosed"),
    (r"^expected token '(?P<owner>.+)', got ['\"](?P<name>.+)['\"]", "expected"),
    (r"^unexpected '(?P<name>.+)', expected '(?P<owner>.+)'", "expected"),
    (r"^unexpected (char )?['\"](?P<name>.+?)['\"]", "unexpected"),
    (r"^Expected an expression, got '(?P<name>.+)'", "expression_missing"),
    (r"^expected name or number", "name_missing"),
    (r"^tag name expected", "tag_missing"),
    (r"^Encountered unknown tag '(?P<name>.+?)'\..* needs to be closed is '(?P<owner>\w+)'", "tag_unexpected"),
    (r"^Encountered unknown tag '(?P<name>.+?)'", "tag_unknown"),
    (r"^[Cc]an't assign to ", "target_invalid"),
    (r"chain multiple tests", "tests_chained"),
    (r"function call expression", "arguments_unreadable"),
    (r"Invalid character in identifier", "character_invalid"),
    (r"^Missing end of comment", "comment_unclosed"),
    (r"^Missing end of raw", "raw_unclosed"),
)
_UNDEFINED: Final[tuple[tuple[str, Kind], ...]] = (
    (r"inline if-expression", "else_missing"),
    (r"no previous item", "previous_absent"),
    (r"no next item", "next_absent"),
    (r"^'(?P<name>\w+)' is undefined", "name_unknown"),
)
_TYPE: Final[tuple[tuple[str, Kind], ...]] = (
    (
        r"^'(?P<name>[<>]=?)' not supported between instances of '(?P<owner>[\w.]+)' and '(?P<other>[\w.]+)'",
        "not_comparable",
    ),
    (r"^can't compare ", "date_and_time"),
    (r"^argument of type '(?P<owner>[\w.]+)' is not ", "not_a_container"),
    (r"requires string as left operand, not (?P<owner>[\w.]+)", "not_in_text"),
    (r"^cannot unpack non-iterable (?P<owner>[\w.]+) object", "not_unpackable"),
    (r"\(\) (takes|missing|got an unexpected|got multiple)", "call_invalid"),
)
# For each type of error, its patterns, and the kind if none matches. The first type that fits counts.
_RULES: Final[tuple[tuple[type[Exception], tuple[tuple[str, Kind], ...], Kind], ...]] = (
    (TemplateSyntaxError, _SYNTAX, "unreadable"),
    (UndefinedError, _UNDEFINED, "undefined"),
    (SecurityError, (), "unsafe"),
    (TypeError, _TYPE, "failed"),
    (ZeroDivisionError, (), "division_by_zero"),
    (RecursionError, (), "recursion"),
    (MemoryError, (), "memory"),
    (SyntaxError, (), "unreadable"),  # in the Python code that Jinja generates
)
# The symbols that Jinja's messages describe in words.
_SIGNS: Final = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "begin of print statement": "{{",
    "begin of statement block": "{%",
    "end of comment": "#}",
    "begin of comment": "{#",
}
# Errors that an author's text can cause in the notifier's own code as well.
EXHAUSTED: Final = (MemoryError, RecursionError)


class LongAddressError(DiagnosedError):
    """An address is too long. It cannot be cut, because a shorter address would lead elsewhere."""


@contextmanager
def translating_errors(where: str, errors: tuple[type[Exception], ...] = (Exception,)) -> Iterator[None]:
    """Translate every TemplateError, and every error of these types, that the block raises (see `translate_error`)."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, (TemplateError, *errors)):
            raise
        raise translate_error(error, where) from None


def translate_error(error: Exception, where: str, source: str = "") -> NotifierError:
    """Return a DiagnosedError with the place `where` for any error that an author's text has caused.

    An unknown name is quoted only if the text's `source` contains it. The codes of TemplateErrors are final: an event
    is not retried if only the author can fix the template. Other errors of the notifier, such as ConfigError, are
    returned unchanged.
    """
    match error:
        case DiagnosedError():
            return error.with_place(where, source)
        case TimeOverError():
            return DiagnosedError(Diagnosis("time_over", limit=error.seconds), where)
        case TemplateError():
            return DiagnosedError(Diagnosis("described", error.detail), where, error.code)
        case NotifierError():
            return error
    return DiagnosedError(diagnose(error), where)


def diagnose(error: Exception) -> Diagnosis:
    """Return the Diagnosis of an error of Python or Jinja. It keeps only names and symbols of the template."""
    for kind, patterns, otherwise in _RULES:
        if isinstance(error, kind):
            found = _first_match(str(getattr(error, "message", error)), patterns)
            return replace(found or Diagnosis(otherwise, type(error).__name__), line=_line(error))
    return Diagnosis("failed", type(error).__name__)  # its text may quote a row


def _line(error: Exception) -> int:
    return error.lineno if isinstance(error, TemplateSyntaxError) else 0


def _first_match(text: str, patterns: tuple[tuple[str, Kind], ...]) -> Diagnosis | None:
    for pattern, kind in patterns:
        if found := re.search(pattern, text):
            parts = {field: _readable(group) for field, group in found.groupdict("").items()}
            return Diagnosis(kind, parts.get("name", ""), parts.get("owner", ""), parts.get("other", ""))
    return None


def _readable(text: str) -> str:
    """Jinja's description of a symbol as the symbol, and a type without its module."""
    return _SIGNS.get(text) or re.sub(r"^(decimal|datetime)\.", "", text)
