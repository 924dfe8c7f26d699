"""Turns every error that Python or Jinja raise for an author's text into a DiagnosedError with a place."""

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

# What Jinja and Python say, by the type of their error; the first pattern that is found counts. The groups are fields
# of a Diagnosis: names and signs of the template, and types. Patterns are compiled when they are first needed.
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
# By type; the first that fits counts: what its text can mean, and what it means if no pattern is found.
_MEANINGS: Final[tuple[tuple[type[Exception], tuple[tuple[str, Kind], ...], Kind], ...]] = (
    (TemplateSyntaxError, _SYNTAX, "unreadable"),
    (UndefinedError, _UNDEFINED, "undefined"),
    (SecurityError, (), "unsafe"),
    (TypeError, _TYPE, "failed"),
    (ZeroDivisionError, (), "division_by_zero"),
    (RecursionError, (), "recursion"),
    (MemoryError, (), "memory"),
    (SyntaxError, (), "unreadable"),  # of the Python code that Jinja makes
)
# Jinja's words for signs of the language.
_SIGNS: Final = {
    "end of print statement": "}}",
    "end of statement block": "%}",
    "begin of print statement": "{{",
    "begin of statement block": "{%",
    "end of comment": "#}",
    "begin of comment": "{#",
}
# Errors that an author's text can also cause in the notifier's own code.
EXHAUSTED: Final = (MemoryError, RecursionError)


class LongAddressError(DiagnosedError):
    """An address is longer than it may be: it cannot be cut, because the rest would be a different address."""


@contextmanager
def explaining(where: str, errors: tuple[type[Exception], ...] = (Exception,)) -> Iterator[None]:
    """Replace TemplateErrors, and other errors of these types, in the block by what `explained` makes of them."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, (TemplateError, *errors)):
            raise
        raise explained(error, where) from None


def explained(error: Exception, where: str, source: str = "") -> NotifierError:
    """Return a DiagnosedError, which names the place `where`, for any error that an author's text has caused.

    A name that is not known is quoted where it stands in the text's `source`. The codes of TemplateErrors are final: an
    event is not tried again for what only the author can mend. Other errors of the notifier's own, such as a
    ConfigError, stay as they are.
    """
    match error:
        case DiagnosedError():
            return error.placed(where, source)
        case TimeOverError():
            return DiagnosedError(Diagnosis("time_over", limit=error.seconds), where)
        case TemplateError():
            return DiagnosedError(Diagnosis("described", error.detail), where, error.code)
        case NotifierError():
            return error
    return DiagnosedError(diagnosed(error), where)


def diagnosed(error: Exception) -> Diagnosis:
    """Return what an error of Python or Jinja means. Of its text, only names and signs of the template are kept."""
    for kind, patterns, otherwise in _MEANINGS:
        if isinstance(error, kind):
            found = _meant(str(getattr(error, "message", error)), patterns)
            return replace(found or Diagnosis(otherwise, type(error).__name__), line=_line(error))
    return Diagnosis("failed", type(error).__name__)  # its text may quote a row


def _line(error: Exception) -> int:
    return error.lineno if isinstance(error, TemplateSyntaxError) else 0


def _meant(said: str, patterns: tuple[tuple[str, Kind], ...]) -> Diagnosis | None:
    for pattern, kind in patterns:
        if found := re.search(pattern, said):
            parts = {field: _neutral(text) for field, text in found.groupdict("").items()}
            return Diagnosis(kind, parts.get("name", ""), parts.get("owner", ""), parts.get("other", ""))
    return None


def _neutral(text: str) -> str:
    """A sign in place of Jinja's words for it, and a type without its module."""
    return _SIGNS.get(text) or re.sub(r"^(decimal|datetime)\.", "", text)
