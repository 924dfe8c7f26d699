"""Cuts text between grapheme clusters (what people see as one character), and marks the cut with `…`.

One cluster can have many code points: a letter with its accents, a flag, a family of emoji. The rules are those of
Unicode (UAX #29), applied to the character properties that Python has. If these are too coarse, code points stay
together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

ELLIPSIS: Final = "…"

# Code points. Longer than any emoji in use, and than the 30 marks of a letter in UAX #15's stream-safe text. A letter
# with thousands of marks must not count as one cluster.
MAX_CLUSTER: Final = 32

_JOINER: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_VIRAMA: Final = 9  # the combining class of the sign that joins two Indic consonants
# These take a column of their own: the half-width voiced sound marks of katakana, and the Thai and Lao vowel AM.
_SPACING: Final = "\uff9e\uff9f\u0e33\u0eb3"
_REGIONS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of them are a flag
_SKIN_TONES: Final = tuple(map(chr, range(0x1F3FB, 0x1F400)))
_TAGS: Final = tuple(map(chr, range(0xE0020, 0xE0080)))  # they spell the flags of regions
# These belong to the character before them, as the marks (general category M) do.
_EXTENDING: Final = frozenset(("\u200c", _JOINER, *_SPACING, *_SKIN_TONES, *_TAGS))
# Characters that are always a cluster of their own. All others may join their neighbours.
_STANDALONE: Final = (
    "\x0e-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2190-\u23ff\u2460-\u27bf"
    "\u3000-\u3029\u3041-\u3096\u309b-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9d"
    "\U0001f300-\U0001f3fa\U0001f400-\U0001faff"
)
# Not compiled here: re compiles and caches it at the first cut, so that a cold start does not pay for it.
_JOINABLE: Final = f"[^{_STANDALONE}]+"


def cut(text: str, size: int, measure: Callable[[str], int] = len) -> str:
    """Return `text` if it fits into `size`, else its beginning with `…` at the end, which together fit into `size`.

    `measure` gives the size of one cluster: `len` counts code points,
    `one_character` counts characters, and `display_width` counts columns.

        cut("Matcha set", 8) == "Matcha…"
    """
    if size < 1:
        return ""
    if len(text) <= size and measure in (len, one_character):  # a cluster has at least one code point
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


def one_character(cluster: str) -> int:  # noqa: ARG001 - a measure
    """Count a cluster as one character."""
    return 1


def display_width(cluster: str) -> int:
    """Return the display columns of a cluster: 2 for East Asian wide characters and emoji, 0 for marks, else 1.

    What UAX #11 calls ambiguous (as `…` and `→`) counts 1, as in a Western font.
    """
    if _EMOJI_STYLE in cluster or (len(cluster) > 1 and _is_region(cluster[0])):
        return 2
    return _columns(cluster[0]) + sum(part in _SPACING for part in cluster[1:])


def clusters(text: str, start: int = 0) -> Iterator[str]:
    """Yield the clusters of a text, each of at most MAX_CLUSTER code points.

    Reading begins at `start`, which must be the start of a cluster.
    """
    for place in range(start + 1, len(text)):
        if place - start >= MAX_CLUSTER or not _continues_cluster(text, start, place):
            yield text[start:place]
            start = place
    if start < len(text):
        yield text[start:]


def count_clusters(text: str) -> int:
    """Return the number of clusters in a text."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return len(text) - sum(len(part) - sum(1 for _ in clusters(part)) for part in _joinable_parts(text))


def last_clusters(text: str, size: int) -> list[str]:
    """Return the last clusters of a text, at most `size` of them."""
    start = len(text)
    for _ in range(size):
        start = _safe_boundary(text, start - 1)
    return list(clusters(text, start))[-size:]


def _joinable_parts(text: str) -> Iterator[str]:
    """Yield the parts of a text that may have clusters of several code points, each with its neighbours."""
    start = end = 0
    for match in re.finditer(_JOINABLE, text):
        if match.start() > end + 1:
            yield text[start : end + 1]
            start = match.start() - 1
        end = match.end()
    yield text[start : end + 1]


def _boundary(text: str, place: int) -> int:
    """The last start of a cluster at or before `place`."""
    found = start = _safe_boundary(text, place)
    for cluster in clusters(text[: place + MAX_CLUSTER], start):
        start += len(cluster)
        if start > place:
            break
        found = start
    return found


def _safe_boundary(text: str, place: int) -> int:
    """The last place at or before `place` that starts a cluster regardless of the text before it."""
    while 0 < place < len(text):
        if _is_region(text[place]):
            run = len(text[:place].rstrip(_REGIONS))  # flags are pairs, counted from the start of the run
            if text[run - 1 : run] != _JOINER:
                return run + (place - run) // 2 * 2
            place = run
        elif not _continues_cluster(text, place - 1, place):
            return place
        place -= 1
    return max(place, 0)


def _continues_cluster(text: str, start: int, place: int) -> bool:
    """Whether the code point at `place` is part of the cluster that began at `start`."""
    before, this = text[place - 1], text[place]
    if this < "\u0300":  # below this, only CR LF is a cluster of two
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
    # Pictographs are wide, including those that are newer than this Python's tables.
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
