"""Cut text between characters as people see them, never inside one, and say that something is missing.

What people see as one character can be many code points: a letter with its accents, a flag, a family of emoji. The
rules are those of Unicode's grapheme clusters (UAX #29), told from the properties that Python has at hand; where those
are too coarse, code points stay together rather than being torn apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

ELLIPSIS: Final = "…"

# Longer than any emoji in use, and than the 30 marks that a letter may have in UAX #15's stream-safe text: a letter
# under thousands of marks must not count as one.
MAX_CLUSTER: Final = 32

_JOINER: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_VIRAMA: Final = 9  # the combining class of the sign that joins two Indic consonants
# What takes a column of its own: the half-width voiced sound marks of katakana, and the Thai and Lao vowel AM.
_SPACING: Final = "\uff9e\uff9f\u0e33\u0eb3"
_REGIONS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of which are a flag
_SKIN_TONES: Final = tuple(map(chr, range(0x1F3FB, 0x1F400)))
_TAGS: Final = tuple(map(chr, range(0xE0020, 0xE0080)))  # which spell the flags of regions
# What belongs to the character before it, beside the marks (general category M).
_EXTENDING: Final = frozenset(("\u200c", _JOINER, *_SPACING, *_SKIN_TONES, *_TAGS))
# Runs of what may join its neighbours: all but the letters and signs below, which stand alone.
_ALONE: Final = (
    "\x0e-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u23ff\u2460-\u27bf"
    "\u3000-\u3029\u3041-\u3096\u309b-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9d"
    "\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
)
# A text and no compiled pattern: re compiles and caches it at the first cut, so that a cold start does not wait for it.
_JOINING: Final = f"[^{_ALONE}]+"


def cut(text: str, size: int, measure: Callable[[str], int] = len) -> str:
    """Return `text`, or as much of its beginning as measures at most `size` together with the mark `…` at its end.

    `measure` gives the size of one cluster: `len` counts code points, `one` characters, `width` display columns.

        cut("Matcha set", 8) == "Matcha…"
    """
    if size < 1:
        return ""
    if len(text) <= size and measure in (len, one):  # a character has one code point at least
        return text
    if measure is len:
        return text[: _boundary(text, size - 1)].rstrip() + ELLIPSIS
    room = size - measure(ELLIPSIS)
    used = end = kept = 0
    for cluster in clusters(text):
        used += measure(cluster)
        if used > size:
            return text[:kept].rstrip() + ELLIPSIS
        end += len(cluster)
        if used <= room:
            kept = end
    return text


def one(cluster: str) -> int:  # noqa: ARG001 - a measure
    """Count a cluster as one character."""
    return 1


def width(cluster: str) -> int:
    """Return the display columns of a cluster: 2 for East Asian wide characters and emoji, 0 for marks, else 1.

    What UAX #11 calls ambiguous (as `…` and `→`) counts 1, as in a Western font.
    """
    if _EMOJI_STYLE in cluster or (len(cluster) > 1 and _is_region(cluster[0])):
        return 2
    return _columns(cluster[0]) + sum(part in _SPACING for part in cluster[1:])


def clusters(text: str, start: int = 0) -> Iterator[str]:
    """Yield the characters of a text as people see them, each of at most MAX_CLUSTER code points.

    They are read from `start`, at which a character begins.
    """
    for place in range(start + 1, len(text)):
        if place - start >= MAX_CLUSTER or not _belongs(text, start, place):
            yield text[start:place]
            start = place
    if start < len(text):
        yield text[start:]


def count(text: str) -> int:
    """Return how many characters people see in a text."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return len(text) - sum(len(part) - sum(1 for _ in clusters(part)) for part in _joining(text))


def tail(text: str, size: int) -> list[str]:
    """Return the last characters of a text as people see them, at most `size`."""
    start = len(text)
    for _ in range(size):
        start = _certain(text, start - 1)
    return list(clusters(text, start))[-size:]


def _joining(text: str) -> Iterator[str]:
    """Yield the parts of a text that may hold characters of several code points, each with its neighbours."""
    start = end = 0
    for match in re.finditer(_JOINING, text):
        if match.start() > end + 1:
            yield text[start : end + 1]
            start = match.start() - 1
        end = match.end()
    yield text[start : end + 1]


def _boundary(text: str, place: int) -> int:
    """The last place up to `place` at which a character begins."""
    found = start = _certain(text, place)
    for cluster in clusters(text[: place + MAX_CLUSTER], start):
        start += len(cluster)
        if start > place:
            break
        found = start
    return found


def _certain(text: str, place: int) -> int:
    """The last place up to `place` at which a character begins, whatever stands before it."""
    while 0 < place < len(text):
        if _is_region(text[place]):
            run = len(text[:place].rstrip(_REGIONS))  # flags are pairs, counted from the first
            if text[run - 1 : run] != _JOINER:
                return run + (place - run) // 2 * 2
            place = run
        elif not _belongs(text, place - 1, place):
            return place
        place -= 1
    return max(place, 0)


def _belongs(text: str, start: int, place: int) -> bool:
    """Whether the code point at `place` is part of the cluster that began at `start`."""
    before, this = text[place - 1], text[place]
    if this < "\u0300":  # nothing below joins, but for the end of a line
        return before + this == "\r\n"
    if unicodedata.category(before) == "Cc":
        return False
    if this in _EXTENDING or unicodedata.category(this)[0] == "M" or before == _JOINER:
        return True
    if _is_region(this):
        return place - start == 1 and _is_region(before)
    return (_is_jamo(this) and _is_hangul(before)) or unicodedata.combining(before) == _VIRAMA


def _columns(code_point: str) -> int:
    category = unicodedata.category(code_point)
    if category[0] == "M" or category in ("Cc", "Cf"):
        return 0
    # Pictographs are wide, also those that are newer than this Python.
    wide = unicodedata.east_asian_width(code_point) in "WF" or "\U0001f300" <= code_point <= "\U0001faff"
    return 2 if wide else 1


def _is_region(code_point: str) -> bool:
    """Whether it is a regional indicator, two of which are a flag."""
    return _REGIONS[0] <= code_point <= _REGIONS[-1]


def _is_jamo(code_point: str) -> bool:
    """Whether it is a part of a Korean syllable."""
    return any(first <= code_point <= last for first, last in ("\u1100\u11ff", "\ua960\ua97c", "\ud7b0\ud7fb"))


def _is_hangul(code_point: str) -> bool:
    return _is_jamo(code_point) or "\uac00" <= code_point <= "\ud7a3"
