"""Joins a template's own words and its values, and cuts long values until the text fits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any, Self

from handler.templating.budget import MAX_TEXT
from handler.templating.diagnosis import DiagnosedError, Diagnosis


class ShownValue(str):
    """The text of a value, with the value, so that it can be shortened later."""

    __slots__ = ("value",)
    value: Any

    def __new__(cls, text: str, value: Any) -> Self:
        """Return the text that shows `value`."""
        shown = str.__new__(cls, text)
        shown.value = value
        return shown

    def __str__(self) -> str:
        return self


def fit(pieces: Iterable[str], size: int, shorten: Callable[[Any, int], str]) -> str:
    """Join pieces into at most `size` characters. Raises TemplateError (TEMPLATE_LIMIT) above MAX_TEXT of them.

    `shorten` returns the text of a value in a number of characters. The longest values are cut first, and no more than
    needed. If the own words of the template alone are longer than `size`, so is the result.
    """
    parts = _not_empty(pieces)
    if sum(map(len, parts)) <= size:
        return "".join(parts)
    values = [part for part in parts if isinstance(part, ShownValue)]
    own = sum(map(len, parts)) - sum(map(len, values))

    def is_too_long(shown: int) -> bool:
        return own + sum(len(_shorten(value, shown, shorten)) for value in values) > size

    longest = bisect_left(range(size), True, lo=1, key=is_too_long) - 1
    return "".join(_shorten(part, max(longest, 1), shorten) if isinstance(part, ShownValue) else part for part in parts)


def _shorten(shown: ShownValue, size: int, shorten: Callable[[Any, int], str]) -> str:
    return shown if len(shown) <= size else shorten(shown.value, size)


def _not_empty(pieces: Iterable[str]) -> list[str]:
    """The pieces that are not empty. Each value takes at least one of the MAX_TEXT characters."""
    parts: list[str] = []
    room = MAX_TEXT
    for piece in pieces:
        if piece:
            parts.append(piece)
            room -= 1 if type(piece) is ShownValue else len(piece)
            if room < 0:
                raise DiagnosedError(Diagnosis("text_too_long", limit=MAX_TEXT))
    return parts
