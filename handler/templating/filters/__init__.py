"""The filters and tests that templates may use. A filter that is not listed here does not exist.

A test runs the `source -> result` lines of the docstrings. Lines that begin with `ja:` are run in Japanese and
in Tokyo's time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from jinja2 import Undefined

from handler.model import Locale
from handler.templating.coercion import is_blank
from handler.templating.filters import lists, markup, numbers, texts
from handler.templating.filters.arguments import check_arguments, count_injected
from handler.templating.filters.lists import MAX_ELEMENTS as MAX_ELEMENTS
from handler.templating.filters.lists import loop_elements as loop_elements
from handler.templating.filters.times import Times
from handler.templating.text import Mrkdwn

Filter = Callable[..., Any]

TESTS: Final = ("defined", "undefined", "none", "number", "string", "even", "odd", "in")


def filters(locale: Locale) -> dict[str, Filter]:
    """Return the filters by name, for this time zone and language."""
    times = Times(locale)
    of_texts_and_lists: dict[str, Filter] = {
        "code": markup.code,
        "first": lists.first,
        "join": lists.join,
        "label": texts.Labels(locale.labels).label,
        "last": lists.last,
        "length": lists.length,
        "link": markup.link,
        "lower": texts.lower,
        "mention": markup.Mentions(locale.mentions).mention,
        "mention_person": markup.People(locale.people).mention_person,
        "quote": markup.quote_lines,
        "title": texts.title,
        "trim": texts.trim,
        "truncate": texts.truncate,
        "truncate_width": texts.truncate_width,
        "upper": texts.upper,
    }
    of_numbers_and_times: dict[str, Filter] = {
        "abs": numbers.absolute,
        "ago": times.ago,
        "date": times.date,
        "datetime": times.datetime,
        "mask": texts.mask,
        "money": numbers.money,
        "number": numbers.number,
        "plural": numbers.plural,
        "round": numbers.rounded,
        "time": times.time,
        "weekday": times.weekday,
    }
    found = (
        {"default": default}
        | {name: _skip_empty(_is_none, function) for name, function in of_texts_and_lists.items()}
        | {name: _skip_empty(_is_blank, function) for name, function in of_numbers_and_times.items()}
    )
    return {name: check_arguments(name, function) for name, function in found.items()}


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


def _is_blank(value: Any) -> bool:
    """Whether a value is None or a blank text: then it is no number and no time, and needs no mask."""
    return value is None or is_blank(value.plain if isinstance(value, Mrkdwn) else value)


def _skip_empty(empty: Callable[[Any], bool], function: Filter) -> Filter:
    """Let the filter return None for an empty value, so that `default` can follow. A missing value raises."""
    place = count_injected(function)

    @wraps(function)
    def filtered(*values: Any, **named: Any) -> Any:
        value = values[place]
        if isinstance(value, Undefined):
            str(value)  # a strict undefined raises its own message
        if isinstance(value, Undefined) or empty(value):
            return None
        return function(*values, **named)

    return filtered


FILTERS: Final[Mapping[str, Filter]] = filters(Locale())
