"""From a value to the text that a context can hold."""

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
from handler.templating.cutting import cut
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of

# A Decimal such as 1E+999999 is small in memory and a megabyte as text.
MAX_EXPONENT: Final = 100
_MAX_BITS: Final[int] = (10**MAX_EXPONENT).bit_length()  # of a whole number
# Control characters, the bidirectional overrides with which a text can pretend to read otherwise, and halves of
# surrogate pairs: none of them has a place in a message.
_INVISIBLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Every character that some program reads as the end of a line:
# https://docs.python.org/3/library/stdtypes.html#str.splitlines
LINE_BREAK: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@frozen
class Mrkdwn:
    """Text that is already mrkdwn, `markup`, and the `plain` text that stands for it where there is no markup.

    Only filters make it (link, mention, code, and join over these). It is no str on purpose: whatever else a template
    does with it (`~`, another filter, a header) sees the plain text, which is escaped as any other.
    """

    markup: str
    plain: str

    def __str__(self) -> str:
        return self.plain

    def shortened(self, size: int) -> str | Mrkdwn:  # noqa: ARG002 - for those that can be cut
        """Return what to show of it in about `size` characters. Most markup cannot be cut, so its plain text is."""
        return self.plain


class Quote(Mrkdwn):
    """The lines of a value, each behind Slack's sign of a quote, so that none can pass for the author's."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> Quote:
        """Return the quote of a text, whatever kind of line break it has."""
        lines = [show(line) for line in LINE_BREAK.split(text)]
        return cls("\n".join(f"> {mrkdwn(line)}" for line in lines), "\n".join(f"> {line}" for line in lines))

    def shortened(self, size: int) -> str | Mrkdwn:
        """Return the quote of as much of the text's beginning as takes `size` characters; empty where none does."""
        text = "\n".join(line[2:] for line in self.plain.split("\n"))

        def is_too_long(shown: int) -> bool:
            return len(Quote.of(cut(text, shown)).markup) > size

        shown = bisect_left(range(size), True, lo=1, key=is_too_long) - 1 if size > 1 else 0
        return Quote.of(cut(text, shown)) if shown else ""


class Url(str):
    """A whole address out of a stage's `vars`, which may stand at the beginning of another as it is."""

    __slots__ = ()


def show(value: Any) -> str:
    """Return the plain text of a value in its normal form; None is empty. Lists and rows raise TEMPLATE_FAILED."""
    match value:
        case None:
            return ""
        case Undefined() | Mrkdwn():
            return str(value)  # a strict undefined raises its own message; of mrkdwn it is the plain text
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


def in_line(value: Any) -> Any:
    """Return a text with a space in place of each line break; whatever else is shown has none."""
    return LINE_BREAK.sub(" ", value) if isinstance(value, str) else value


def in_code(value: Any) -> Any:
    """Return a text that cannot end the code in which it stands: an apostrophe takes the place of each backtick."""
    text = value.plain if isinstance(value, Mrkdwn) else value
    return text.replace("`", "'") if isinstance(text, str) else text


def url_part(value: Any) -> str:
    """Percent-encode a value whole, so that it can be neither a separator nor a step up the path.

    An address out of `vars` stays as it is: the deployment wrote it, and the compiler lets it stand only at the start.
    """
    if isinstance(value, Url):
        return str(value)
    if isinstance(value, Mrkdwn):
        raise DiagnosedError(Diagnosis("markup_in_address"))
    text = show(value)
    if text in ("", ".", ".."):
        raise DiagnosedError(Diagnosis("address_part_empty"))
    return quote(text, safe="")


# How each context turns the value of an expression into its text.
Finalizers = Mapping[LeafContext, Callable[[Any], str] | None]

FINALIZERS: Final[Finalizers] = {
    "mrkdwn": mrkdwn,
    "plain": show,
    "exact": show,
    "url": url_part,
    "expression": None,
}
