"""The filters and tests that templates may use. A filter that is not listed here does not exist.

A docstring's `source -> result` lines are run by a test; those that begin with `ja:` in Japanese and in Tokyo's time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from jinja2 import Undefined

from handler.model import Locale
from handler.templating.filters import lists, markup, numbers, texts
from handler.templating.filters.lists import MAX_ELEMENTS as MAX_ELEMENTS
from handler.templating.filters.lists import each as each
from handler.templating.filters.times import Times
from handler.templating.reading import is_blank
from handler.templating.text import Mrkdwn

Filter = Callable[..., Any]

TESTS: Final = ("defined", "undefined", "none", "number", "string", "even", "odd", "in")


def filters(locale: Locale) -> dict[str, Filter]:
    """Return the filters by name, as they write in this time zone and language."""
    times = Times(locale)
    of_texts_and_lists: dict[str, Filter] = {
        "code": markup.code,
        "first": lists.first,
        "label": texts.Labels(locale.labels).label,
        "last": lists.last,
        "length": lists.length,
        "link": markup.link,
        "lower": texts.lower,
        "mask": texts.mask,
        "mention": markup.Mentions(locale.mentions).mention,
        "quote": markup.quote_lines,
        "title": texts.title,
        "trim": texts.trim,
        "truncate": texts.truncate,
        "truncate_width": texts.truncate_width,
        "upper": texts.upper,
    }
    of_numbers_and_times: dict[str, Filter] = {
        "abs": numbers.absolute,
        "date": times.date,
        "datetime": times.datetime,
        "money": numbers.money,
        "number": numbers.number,
        "plural": numbers.plural,
        "round": numbers.rounded,
        "time": times.time,
        "weekday": times.weekday,
    }
    others: dict[str, Filter] = {"ago": times.ago, "default": default, "join": lists.join}
    return (
        others
        | {name: _unless(_is_none, function) for name, function in of_texts_and_lists.items()}
        | {name: _unless(_is_nothing, function) for name, function in of_numbers_and_times.items()}
    )


def default(value: Any, instead: Any = "") -> Any:
    """`instead` where the value is missing or empty: None, or a text without any characters. 0 and false stay.

    {{ order.note | default('-') }} -> -
    {{ order.note | upper | default('-') }} -> -
    {{ '' | default('-') }} -> -
    {{ 0 | default('-') }} -> 0
    """
    if value is None or isinstance(value, Undefined):
        return instead
    return instead if isinstance(value, str | Mrkdwn) and not str(value) else value


def _is_none(value: Any) -> bool:
    return value is None


def _is_nothing(value: Any) -> bool:
    """Whether a value is no number and no time: None, or the blank text that some APIs send in its place."""
    return value is None or is_blank(value)


def _unless(empty: Callable[[Any], bool], function: Filter) -> Filter:
    """An empty value passes through a filter as None, so that `default` can follow; a missing one is an error."""

    @wraps(function)
    def filtered(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, Undefined):
            str(value)  # a strict undefined raises its own message
        if isinstance(value, Undefined) or empty(value):
            return None
        return function(value, *arguments, **named)

    return filtered


FILTERS: Final[Mapping[str, Filter]] = filters(Locale())
