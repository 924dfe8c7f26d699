"""The difference of two lists of lines for people: line by line, and word by word in a changed line.

- text: :tea: New order *T-001042*
+ text: :tea: New order *T-001042* from Zoë
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Literal

from rich.text import Text

CONTEXT: Final = 2  # lines that are shown before and after a change
_SIMILAR: Final = 0.4  # share of common words; two lines with less are unrelated
_WORD: Final = re.compile(r"\s+|[A-Za-z0-9]+|[^\sA-Za-z0-9]")  # in a text without spaces, each character is a word
_STYLES: Final = {"-": "red", "+": "green", " ": "", "…": "dim"}

_LONG: Final = 1_000_000  # the most pairs of lines, or of words, that are compared

Part = tuple[str, bool]
Parts = tuple[Part, ...]
Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a difference: removed (-), added (+), unchanged, or a mark for several unchanged ones (…).

    `parts` are pieces of its text, each with whether it differs from the other version of the line.
    """

    sign: Literal["-", "+", " ", "…"]
    parts: Parts = ()

    @property
    def text(self) -> str:
        """Return the line without its sign."""
        return "".join(text for text, _ in self.parts)


def changes(before: Sequence[str], after: Sequence[str], context: int = CONTEXT) -> list[Change]:
    """Return the difference of two lists of lines; empty if there is none."""
    codes = _opcodes(before, after)
    found: list[Change] = []
    for number, (tag, i1, i2, j1, j2) in enumerate(codes if before != after else []):
        if tag == "equal":
            first, last = number == 0, number == len(codes) - 1
            found += _kept(before[i1:i2], 0 if first else context, 0 if last else context)
        else:
            found += _replaced(before[i1:i2], after[j1:j2])
    return found


def shown(change: Change) -> Text:
    """Return a line of a difference for the terminal: with its sign, and with the different parts in colour."""
    style = _STYLES[change.sign]
    text = Text(f"{change.sign} " if change.parts else change.sign, style)
    for part, differs in change.parts:
        text.append(part, f"{style} bold reverse" if differs else style)
    return text


def _opcodes(a: Sequence[str], b: Sequence[str]) -> list[Opcode]:
    """Return difflib's opcodes. If comparing would take long, everything between the common ends is one replacement."""
    start = _common(a, b)
    end = _common(a[start:][::-1], b[start:][::-1])
    a_middle, b_middle = a[start : len(a) - end], b[start : len(b) - end]
    if len(a_middle) * len(b_middle) > _LONG:
        middle: list[Opcode] = [("replace", 0, len(a_middle), 0, len(b_middle))]
    else:
        middle = [*SequenceMatcher(None, a_middle, b_middle, autojunk=False).get_opcodes()]
    found: list[Opcode] = [("equal", 0, start, 0, start)] if start else []
    found += [(tag, i1 + start, i2 + start, j1 + start, j2 + start) for tag, i1, i2, j1, j2 in middle]
    return [*found, *([("equal", len(a) - end, len(a), len(b) - end, len(b))] if end else [])]


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Return how many items at the start are the same."""
    return next(
        (number for number, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b))
    )


def _kept(lines: Sequence[str], first: int, last: int) -> Iterator[Change]:
    """Yield the `first` lines and the `last` lines, and a … for those in between."""
    left_out = range(first, len(lines) - last)
    yield from (Change(" ", ((line, False),)) for line in lines[: left_out.start])
    if left_out:
        yield Change("…")
    yield from (Change(" ", ((line, False),)) for line in lines[max(left_out.start, left_out.stop) :])


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Yield the old lines, then the new ones. The first old line is compared with the first new one, and so on."""
    pairs = [_words(old, new) for old, new in zip_longest(before, after)]
    yield from (Change("-", old) for old, _ in pairs if old is not None)
    yield from (Change("+", new) for _, new in pairs if new is not None)


def _words(old: str | None, new: str | None) -> tuple[Parts | None, Parts | None]:
    """Return both lines in parts. If they have little in common, each is one part."""
    if old is None or new is None:
        return old if old is None else ((old, False),), new if new is None else ((new, False),)
    a, b = _WORD.findall(old), _WORD.findall(new)
    codes = _opcodes(a, b)
    if 2 * sum(i2 - i1 for tag, i1, i2, _, _ in codes if tag == "equal") < _SIMILAR * (len(a) + len(b)):
        return ((old, False),), ((new, False),)
    return (
        tuple(("".join(a[i1:i2]), tag != "equal") for tag, i1, i2, _, _ in codes if i1 < i2),
        tuple(("".join(b[j1:j2]), tag != "equal") for tag, _, _, j1, j2 in codes if j1 < j2),
    )
