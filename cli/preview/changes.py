"""What has changed between two lists of lines, as people read it: line by line, and in a changed line word by word.

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

CONTEXT: Final = 2  # how many lines stay to be seen before and after a change
_SIMILAR: Final = 0.4  # of the words: below it, two lines have nothing to do with each other
_WORD: Final = re.compile(r"\s+|[A-Za-z0-9]+|[^\sA-Za-z0-9]")  # each sign of a text without blanks is a word
_STYLES: Final = {"-": "red", "+": "green", " ": "", "…": "dim"}

Part = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a difference: removed (-), added (+), kept, or several kept ones that are left out (…).

    `parts` are its text in pieces, each with whether it differs from the line that it replaces or that replaces it.
    """

    sign: Literal["-", "+", " ", "…"]
    parts: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        """The line without its sign."""
        return "".join(text for text, _ in self.parts)


def changes(before: Sequence[str], after: Sequence[str], context: int = CONTEXT) -> list[Change]:
    """Return the difference of two lists of lines; an empty one if there is none."""
    groups = [*SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(context)]
    found: list[Change] = []
    end = 0
    for group in groups:
        found += [Change("…")] if group[0][1] > end else []
        for tag, i1, i2, j1, j2 in group:
            found += _kept(before[i1:i2]) if tag == "equal" else _replaced(before[i1:i2], after[j1:j2])
        end = group[-1][2]
    return [*found, *([Change("…")] if groups and end < len(before) else [])]


def shown(change: Change) -> Text:
    """Return a line of a difference for the terminal: its sign, and in colour what is different in it."""
    style = _STYLES[change.sign]
    text = Text(f"{change.sign} " if change.parts else change.sign, style)
    for part, differs in change.parts:
        text.append(part, f"{style} bold reverse" if differs else style)
    return text


def _kept(lines: Sequence[str]) -> Iterator[Change]:
    return (Change(" ", ((line, False),)) for line in lines)


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """The old lines, then the new ones. The first is compared with the first, and so on."""
    pairs = [_words(old, new) for old, new in zip_longest(before, after)]
    yield from (Change("-", old) for old, _ in pairs if old is not None)
    yield from (Change("+", new) for _, new in pairs if new is not None)


def _words(old: str | None, new: str | None) -> tuple[tuple[Part, ...] | None, tuple[Part, ...] | None]:
    """Both lines in parts. Where they have little in common, the words are not compared."""
    if old is None or new is None:
        return old if old is None else ((old, False),), new if new is None else ((new, False),)
    a, b = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < _SIMILAR:
        return ((old, False),), ((new, False),)
    codes = matcher.get_opcodes()
    return (
        tuple(("".join(a[i1:i2]), tag != "equal") for tag, i1, i2, _, _ in codes if i1 < i2),
        tuple(("".join(b[j1:j2]), tag != "equal") for tag, _, _, j1, j2 in codes if j1 < j2),
    )
