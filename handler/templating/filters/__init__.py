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

Filter = Callable[..., Any]

TESTS: Final = ("defined", "undefined", "none", "number", "string", "even", "odd", "in")


def filters(locale: Locale) -> dict[str, Filter]:
    """Return the filters by name, as they write in this time zone and language."""
    times = Times(locale)
    of_a_value: dict[str, Filter] = {
        "abs": numbers.absolute,
        "code": markup.code,
        "date": times.date,
        "datetime": times.datetime,
        "first": lists.first,
        "label": texts.Labels(locale.labels).label,
        "last": lists.last,
        "length": lists.length,
        "link": markup.link,
        "lower": texts.lower,
        "mask": texts.mask,
        "mention": markup.Mentions(locale.mentions).mention,
        "money": numbers.money,
        "number": numbers.number,
        "plural": numbers.plural,
        "round": numbers.rounded,
        "time": times.time,
        "title": texts.title,
        "trim": texts.trim,
        "truncate": texts.truncate,
        "truncate_width": texts.truncate_width,
        "upper": texts.upper,
        "weekday": times.weekday,
    }
    others: dict[str, Filter] = {"ago": times.ago, "default": default, "join": lists.join}
    return others | {name: _unless_empty(function) for name, function in of_a_value.items()}


def default(value: Any, instead: Any = "") -> Any:
    """`instead` where the value is missing or empty (None).

    {{ order.note | default('-') }} -> -
    {{ order.note | upper | default('-') }} -> -
    """
    return instead if value is None or isinstance(value, Undefined) else value


def _unless_empty(function: Filter) -> Filter:
    """An empty value passes through a filter as it is, so that `default` can follow; a missing one is an error."""

    @wraps(function)
    def filtered(value: Any, *arguments: Any, **named: Any) -> Any:
        if isinstance(value, Undefined):
            str(value)  # a strict undefined raises its own message
        if value is None or isinstance(value, Undefined):
            return None
        return function(value, *arguments, **named)

    return filtered


FILTERS: Final[Mapping[str, Filter]] = filters(Locale())
