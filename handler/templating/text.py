"""Converts a value to text, escaped for the context in which Slack or a server reads it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Undefined

from handler.frozen import frozen
from handler.model import LeafContext
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of
from handler.templating.graphemes import cut

# A Decimal such as 1E+999999 is small in memory and a megabyte as text.
MAX_EXPONENT: Final = 100
_MAX_BITS: Final[int] = (10**MAX_EXPONENT).bit_length()  # of a whole number
# Control characters, bidirectional overrides (which can disguise a text), and halves of surrogate pairs. All are
# removed from messages.
_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Every character that some program reads as a line break:
# https://docs.python.org/3/library/stdtypes.html#str.splitlines
LINE_BREAK: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@frozen
class Mrkdwn:
    """Text that is already mrkdwn (`markup`), with the `plain` text that replaces it where markup is not possible.

    Only filters make it (link, mention, code, quote, and join over these). It is deliberately not a str: every other
    use in a template (`~`, another filter, a header) gets the plain text, which is escaped like any other text.
    """

    markup: str
    plain: str

    def __str__(self) -> str:
        return self.plain

    def shortened(self, size: int) -> str | Mrkdwn:  # noqa: ARG002 - subclasses need it
        """Return a form that can be cut to `size` characters. Most markup cannot be cut, so this is its plain text."""
        return self.plain


class Quote(Mrkdwn):
    """The lines of a value, each after a `>`, so that no line can be mistaken for the author's."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> Quote:
        """Return the quote of a text with any kind of line breaks."""
        lines = [show(line) for line in LINE_BREAK.split(text)]
        return cls("\n".join(f"> {mrkdwn(line)}" for line in lines), "\n".join(f"> {line}" for line in lines))

    def shortened(self, size: int) -> str | Mrkdwn:
        """Return the quote of the longest beginning that fits into `size` characters; empty if none fits."""
        text = "\n".join(line[2:] for line in self.plain.split("\n"))

        def is_too_long(shown: int) -> bool:
            return len(Quote.of(cut(text, shown)).markup) > size

        shown = bisect_left(range(size), True, lo=1, key=is_too_long) - 1 if size > 1 else 0
        return Quote.of(cut(text, shown)) if shown else ""


class Url(str):
    """A complete address from a stage's `vars`. It can begin another address, and is then not encoded."""

    __slots__ = ()


def show(value: Any) -> str:
    """Return the plain text of a value in its normal form; None is empty. Lists and rows raise TEMPLATE_FAILED."""
    match value:
        case None:
            return ""
        case Undefined() | Mrkdwn():
            return str(value)  # a strict undefined raises its error; mrkdwn gives its plain text
        case bool():
            return "true" if value else "false"
        case str():
            return _INVISIBLE.sub("", value)
        case int() | Decimal() if is_huge(value):
            raise DiagnosedError(Diagnosis("too_many_digits", limit=MAX_EXPONENT))
        case Decimal():
            return f"{value:f}"
        case float():  # a literal in the template
            return show(Decimal(repr(value)))
        case datetime():
            return f"{value.isoformat(' ')[:16]} UTC"  # strftime does not pad the years before 1000
        case int() | date():
            return str(value)
        case _:
            raise DiagnosedError(Diagnosis("not_showable", owner=type_of(value)))


def is_huge(number: int | Decimal) -> bool:
    """Whether a number has more than MAX_EXPONENT digits before or after its point."""
    if isinstance(number, int):
        return number.bit_length() > _MAX_BITS
    exponent: int = number.adjusted()
    return abs(exponent) > MAX_EXPONENT


def mrkdwn(value: Any) -> str:
    """Escape the three characters with which Slack's mrkdwn starts mentions, links and entities.

    What is mrkdwn already stays as it is. https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    if isinstance(value, Mrkdwn):
        return value.markup
    return show(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def on_one_line(value: Any) -> Any:
    """Return a text with each line break replaced by a space. Other values have no line breaks."""
    return LINE_BREAK.sub(" ", value) if isinstance(value, str) else value


def without_backticks(value: Any) -> Any:
    """Return a text with each backtick replaced by an apostrophe, so that it cannot end the code around it."""
    text = value.plain if isinstance(value, Mrkdwn) else value
    return text.replace("`", "'") if isinstance(text, str) else text


def percent_encoded(value: Any) -> str:
    """Percent-encode all of a value, so that it cannot add a separator or go up the path.

    An address from `vars` is not encoded: it is part of the deployment, and the compiler allows it only at the start.
    """
    if isinstance(value, Url):
        return str(value)
    if isinstance(value, Mrkdwn):
        raise DiagnosedError(Diagnosis("markup_in_address"))
    text = show(value)
    if text in ("", ".", ".."):
        raise DiagnosedError(Diagnosis("address_part_empty"))
    return quote(text, safe="")


# For each context, the function that turns the value of an expression into text.
Finalizers = Mapping[LeafContext, Callable[[Any], str] | None]

FINALIZERS: Final[Finalizers] = {
    "mrkdwn": mrkdwn,
    "plain": show,
    "exact": show,
    "url": percent_encoded,
    "expression": None,
}
