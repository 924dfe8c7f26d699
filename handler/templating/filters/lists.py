"""Filters for lists, and how far a loop may go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jinja2 import Environment, StrictUndefined, TemplateRuntimeError, Undefined, pass_environment
from jinja2.filters import make_attrgetter

from handler.templating.budget import MAX_TEXT, clipped, joined
from handler.templating.cutting import clusters, count, tail
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of
from handler.templating.text import Mrkdwn, mrkdwn, show

# That a loop may pass. Slack takes 50 blocks and a lookup 100 rows; two loops in one another must not take seconds.
MAX_ELEMENTS: Final = 200


def _empty(_message: str | None) -> DiagnosedError:
    return DiagnosedError(Diagnosis("list_empty"))


_NOTHING: Final = StrictUndefined(exc=cast("type[TemplateRuntimeError]", _empty))


def each(elements: Any) -> Any:
    """Return what a loop passes through: a list of MAX_ELEMENTS at most, and never the letters of a text."""
    if isinstance(elements, Undefined):
        return iter(elements)  # raises its own message
    if not isinstance(elements, list | tuple | range):
        raise DiagnosedError(Diagnosis("not_a_list", owner=type_of(elements)))
    if len(elements) > MAX_ELEMENTS:
        raise DiagnosedError(Diagnosis("too_many_elements", limit=MAX_ELEMENTS))
    return elements


@pass_environment
def join(environment: Environment, elements: Any, separator: str = "", attribute: str | None = None) -> str | Mrkdwn:
    """The elements of a list as one text, without the empty ones; with `attribute`, that column of each.

    {{ rows | join(', ', 'sku') }} -> TEA-1, TEA-2
    {{ ['a', none, 'b'] | join('-') }} -> a-b
    {{ ['https://a.example' | link('A&B'), '<C>'] | join(' ') }} -> <https://a.example|A&amp;B> &lt;C&gt;
    """
    column = make_attrgetter(environment, attribute)
    values = [value for element in each(elements) if (value := column(element)) is not None]
    plain = joined(_between(show(separator), (show(clipped(value)) for value in values)))
    if not any(isinstance(value, Mrkdwn) for value in values):
        return plain
    markup = joined(_between(mrkdwn(separator), (mrkdwn(clipped(value)) for value in values)))
    return Mrkdwn(markup, plain) if len(markup) < MAX_TEXT else plain  # markup cannot be cut, only given up


def _between(separator: str, texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield separator
        yield text


def first(elements: Any) -> Any:
    """The first element of a list, or character of a text.

    {{ (rows | first).sku }} -> TEA-1
    {{ [] | first | default('none') }} -> none
    """
    known = _elements(elements)
    return next(clusters(known), _NOTHING) if isinstance(known, str) else _place(known, 0)


def last(elements: Any) -> Any:
    """The last element of a list, or character of a text.

    {{ (rows | last).sku }} -> TEA-2
    """
    known = _elements(elements)
    return _place(tail(known[-MAX_TEXT:], 1) if isinstance(known, str) else known, -1)


def length(elements: Any) -> int:
    """How many elements a list has, or characters as people see them a text; of a very long one, code points.

    {{ rows | length }} -> 2
    {{ '👍🏽 はい' | length }} -> 4
    """
    known = elements if isinstance(elements, Mapping) else _elements(elements)
    return count(known) if isinstance(known, str) and len(known) <= MAX_TEXT else len(known)


def _place(elements: Sequence[Any], place: int) -> Any:
    return elements[place] if elements else _NOTHING


def _elements(value: Any) -> Sequence[Any]:
    match value:
        case list() | tuple() | range():
            return value
        case str() | Mrkdwn():
            return show(value)
        case _:
            raise DiagnosedError(Diagnosis("neither_list_nor_text", owner=type_of(value)))
