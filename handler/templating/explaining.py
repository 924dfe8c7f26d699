"""Turns every error that Python or Jinja raise for an author's text into one with a code and a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from jinja2 import TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from handler.errors import NotifierError, TemplateError
from handler.templating.nearest import UnknownNameError

# By type; the first that fits counts: the code, and the text; if that is empty, the error's own text, which quotes no
# value.
_SAID: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (TemplateSyntaxError, "TEMPLATE_SYNTAX", ""),
    (UndefinedError, "TEMPLATE_UNDEFINED", ""),
    (SecurityError, "TEMPLATE_FORBIDDEN", ""),
    (TypeError, "TEMPLATE_FAILED", ""),
    (
        RecursionError,
        "TEMPLATE_LIMIT",
        "parts are nested too deep; write fewer brackets, or compute it in the SQL",
    ),
    (MemoryError, "TEMPLATE_LIMIT", "it takes more memory than there is; write it shorter, or compute it in the SQL"),
    # From the Python code that Jinja makes: an argument that is given twice. language.py has already checked the depth.
    (SyntaxError, "TEMPLATE_SYNTAX", ""),
)

_FUNCTION: Final = re.compile(r"^[\w.<>]+\(\) ")  # the name of one of our functions, in Python's words

# Errors that an author's text can also cause in the notifier's own code.
EXHAUSTED: Final = (MemoryError, RecursionError)


class LongAddressError(TemplateError):
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
    """Return a TemplateError, which names the place `where`, for any error that an author's text has caused.

    A name that is not known is quoted where it stands in the text's `source`. The codes of TemplateErrors are final: an
    event is not tried again for what only the author can mend. Other errors of the notifier's own, such as a
    ConfigError, stay as they are.
    """
    if isinstance(error, TemplateError):
        kind = LongAddressError if isinstance(error, LongAddressError) else TemplateError
        detail = error.told(source) if isinstance(error, UnknownNameError) else error.detail
        return kind(error.code, _placed(where, detail))
    if isinstance(error, NotifierError):
        return error
    code, words = _said(error)
    return TemplateError(code, f"{where}: {words}")


def _said(error: Exception) -> tuple[str, str]:
    for kind, code, words in _SAID:
        if isinstance(error, kind):
            said = words or str(getattr(error, "message", None) or getattr(error, "msg", error))
            return code, _FUNCTION.sub("it ", said)
    return "TEMPLATE_FAILED", type(error).__name__  # its text may quote a row


def _placed(where: str, detail: str) -> str:
    """A detail with its place, unless a part of the same file has named its own."""
    file = where.partition(":")[0]
    return detail if detail.startswith(f"{file}:") else f"{where}: {detail}"
