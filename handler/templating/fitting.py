"""Puts a text together from a template's own words and values, and cuts long values until it fits."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any, Self

from handler.templating.budget import MAX_TEXT
from handler.templating.diagnosis import DiagnosedError, Diagnosis


class Shown(str):
    """The text of a value, together with the value, so that it can be shortened."""

    __slots__ = ("value",)
    value: Any

    def __new__(cls, text: str, value: Any) -> Self:
        """Return the text that shows `value`."""
        shown = str.__new__(cls, text)
        shown.value = value
        return shown

    def __str__(self) -> str:
        return self


def fitted(pieces: Iterable[str], size: int, shorter: Callable[[Any, int], str]) -> str:
    """Put pieces together in `size` characters. Raises TemplateError (TEMPLATE_LIMIT) where they are far too many.

    `shorter` gives the text of a value of which so many characters are shown; the longest are cut first, and no more
    than needed. A text whose own words are too many stays too long.
    """
    parts = _parts(pieces)
    if sum(map(len, parts)) <= size:
        return "".join(parts)
    values = [part for part in parts if isinstance(part, Shown)]
    own = sum(map(len, parts)) - sum(map(len, values))

    def is_too_long(shown: int) -> bool:
        return own + sum(len(_short(value, shown, shorter)) for value in values) > size

    longest = bisect_left(range(size), True, lo=1, key=is_too_long) - 1
    return "".join(_short(part, max(longest, 1), shorter) if isinstance(part, Shown) else part for part in parts)


def _short(shown: Shown, size: int, shorter: Callable[[Any, int], str]) -> str:
    return shown if len(shown) <= size else shorter(shown.value, size)


def _parts(pieces: Iterable[str]) -> list[str]:
    """The pieces that are not empty. More values than characters in a message can never be shown."""
    parts: list[str] = []
    room = MAX_TEXT
    for piece in pieces:
        if piece:
            parts.append(piece)
            room -= 1 if type(piece) is Shown else len(piece)
            if room < 0:
                raise DiagnosedError(Diagnosis("text_too_long", limit=MAX_TEXT))
    return parts
