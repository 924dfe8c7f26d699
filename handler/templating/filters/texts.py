"""Filters for texts. A value that is already mrkdwn, such as a link, becomes plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from jinja2.filters import do_title

from handler.frozen import frozen
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.graphemes import clusters, cut, display_width, last_clusters, one_character
from handler.templating.suggestions import UnknownNameError
from handler.templating.text import show

_HIDDEN: Final = "••••"  # always the same, so that it does not show how much is hidden
_VISIBLE: Final = 4  # characters at the end
_MAX_TRIMMED: Final = 100  # characters that `trim` can remove
_TAIL_WINDOW: Final = 1_000  # code points at the end: far more than the visible clusters can have


@frozen
class Labels:
    """What the codes of a group mean: `groups` maps the group's name to its texts by code."""

    groups: Mapping[str, Mapping[str, str]]

    def label(self, code: Any, group: str) -> str:
        """The text for a code, from `_labels.yaml`; a code that is not listed there is shown as it is.

        {{ 'shipped' | label('order_status') }} -> On its way
        {{ 'lost' | label('order_status') }} -> lost
        ja: {{ 'shipped' | label('order_status') }} -> 発送済み
        """
        if group not in self.groups:
            raise UnknownNameError(Diagnosis("labels_unknown"), group, self.groups)
        text = show(code)
        return self.groups[group].get(text, text)


def lower(value: Any) -> str:
    """The text in small letters.

    {{ 'A-17' | lower }} -> a-17
    """
    return show(value).lower()


def upper(value: Any) -> str:
    """The text in capital letters.

    {{ 'a-17' | upper }} -> A-17
    """
    return show(value).upper()


def title(value: Any) -> str:
    """The text with a capital letter at each word's beginning.

    {{ 'green tea' | title }} -> Green Tea
    """
    return do_title(show(value))


def trim(value: Any, characters: Any = None) -> str:
    """The text without the blanks, or these characters, at its ends.

    {{ '  tea ' | trim }} -> tea
    {{ '--tea-' | trim('-') }} -> tea
    {{ '[tea]' | trim('[]') }} -> tea
    {{ 'refs/heads/feature' | trim('refs/heads/') }} -> feature

    A single character, or each of several signs, is removed as often as it occurs there. A longer text that contains a
    letter or a digit is removed as a whole, once: letter by letter, parts of the value itself would be removed too.
    """
    text, ends = show(value), show(characters)
    if len(set(ends)) > 1 and any(map(str.isalnum, ends)):
        return text.removeprefix(ends).removesuffix(ends)
    if len(ends) > _MAX_TRIMMED:  # each is searched at each end
        raise DiagnosedError(Diagnosis("too_many_trimmed", limit=_MAX_TRIMMED))
    return text.strip(ends or None)


def truncate(value: Any, size: int) -> str:
    """The text in at most `size` characters as people see them; where some are left out, it ends in `…`.

    {{ 'Matcha set, large' | truncate(8) }} -> Matcha…
    {{ '👨‍👩‍👧 family' | truncate(3) }} -> 👨‍👩‍👧…
    """
    return _cut(value, size, one_character)


def truncate_width(value: Any, size: int) -> str:
    """The text in at most `size` columns, of which a Japanese character or an emoji takes two.

    {{ '抹茶セット' | truncate_width(7) }} -> 抹茶セ…
    {{ 'Matcha set' | truncate_width(7) }} -> Matcha…
    """
    return _cut(value, size, display_width)


def mask(value: Any, kind: str = "tail") -> str:
    """Hide most of a text: `tail` shows its last four characters (of short texts fewer), `email` the domain.

    {{ '4111 1111 1111 1234' | mask }} -> ••••1234
    {{ '12345' | mask('tail') }} -> ••••45
    {{ 'taro@example.com' | mask('email') }} -> t••••@example.com
    """
    text = show(value).strip()
    if kind not in _MASKS:
        raise UnknownNameError(Diagnosis("mask_unknown"), kind, _MASKS)
    return _MASKS[kind](text)


def _tail(text: str) -> str:
    seen = last_clusters(text[-_TAIL_WINDOW:], 2 * _VISIBLE)
    shown = min(_VISIBLE, len(seen) // 2)
    return _HIDDEN + "".join(seen[len(seen) - shown :])


def _email(text: str) -> str:
    name, _, domain = text.rpartition("@")
    seen = list(islice(clusters(name), 2))
    if not seen or not domain:
        return _HIDDEN
    initial = seen[0] if len(seen) > 1 else ""
    return f"{initial}{_HIDDEN}@{domain}"


_MASKS: Final[dict[str, Callable[[str], str]]] = {"tail": _tail, "email": _email}


def _cut(value: Any, size: Any, measure: Callable[[str], int]) -> str:
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise DiagnosedError(Diagnosis("size_invalid"))
    return cut(show(value), size, measure)
