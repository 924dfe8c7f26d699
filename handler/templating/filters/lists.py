"""Filters for lists, and the limit of a loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jinja2 import Environment, StrictUndefined, TemplateRuntimeError, Undefined, pass_environment
from jinja2.filters import make_attrgetter

from handler.templating.budget import MAX_TEXT, clip, join_clipped
from handler.templating.diagnosis import DiagnosedError, Diagnosis, type_of
from handler.templating.graphemes import clusters, count_clusters, last_clusters
from handler.templating.text import Mrkdwn, mrkdwn, show

# Of a loop. Slack takes 50 blocks, and a lookup returns 100 rows; two nested loops must not take seconds.
MAX_ELEMENTS: Final = 200


def _empty(_message: str | None) -> DiagnosedError:
    return DiagnosedError(Diagnosis("list_empty"))


_NO_ELEMENT: Final = StrictUndefined(exc=cast("type[TemplateRuntimeError]", _empty))


def loop_elements(elements: Any) -> Any:
    """Return the elements of a loop: a list of at most MAX_ELEMENTS. Raises DiagnosedError for more, and for a text."""
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
    values = [value for element in loop_elements(elements) if (value := column(element)) is not None]
    plain = join_clipped(_separated(show(separator), (show(clip(value)) for value in values)))
    if not any(isinstance(value, Mrkdwn) for value in values):
        return plain
    markup = join_clipped(_separated(mrkdwn(separator), (mrkdwn(clip(value)) for value in values)))
    return Mrkdwn(markup, plain) if len(markup) < MAX_TEXT else plain  # markup cannot be cut, so it becomes plain text


def _separated(separator: str, texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield separator
        yield text


def first(elements: Any) -> Any:
    """The first element of a list, or character of a text.

    {{ (rows | first).sku }} -> TEA-1
    {{ [] | first | default('none') }} -> none
    """
    known = _as_sequence(elements)
    return next(clusters(known), _NO_ELEMENT) if isinstance(known, str) else _element_at(known, 0)


def last(elements: Any) -> Any:
    """The last element of a list, or character of a text.

    {{ (rows | last).sku }} -> TEA-2
    """
    known = _as_sequence(elements)
    return _element_at(last_clusters(known[-MAX_TEXT:], 1) if isinstance(known, str) else known, -1)


def length(elements: Any) -> int:
    """How many elements a list has, or characters as people see them a text; of a very long one, code points.

    {{ rows | length }} -> 2
    {{ '👍🏽 はい' | length }} -> 4
    """
    known = elements if isinstance(elements, Mapping) else _as_sequence(elements)
    return count_clusters(known) if isinstance(known, str) and len(known) <= MAX_TEXT else len(known)


def _element_at(elements: Sequence[Any], place: int) -> Any:
    return elements[place] if elements else _NO_ELEMENT


def _as_sequence(value: Any) -> Sequence[Any]:
    match value:
        case list() | tuple() | range():
            return value
        case str() | Mrkdwn():
            return show(value)
        case _:
            raise DiagnosedError(Diagnosis("neither_list_nor_text", owner=type_of(value)))
