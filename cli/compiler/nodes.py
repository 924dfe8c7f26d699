"""A YAML file as a small frozen tree, in which each node has its position."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from cli.compiler.findings import Place

ScalarStyle = Literal["plain", "quoted", "literal", "folded"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value. `text` is what was written, `value` what YAML 1.2 reads.

    `comment` is the comment right after an empty value: `channel: #orders` is empty, which was probably not meant.
    `lost` is a comment that was probably meant as part of the value before it: `text: Order #5`. `source` is the value
    as in the file, with its quotes, escapes and indentation.
    """

    place: Place
    text: str
    value: str | int | bool | Decimal | None
    style: ScalarStyle = "plain"
    comment: str = ""
    lost: str = ""
    source: str = ""

    def find(self, text: str, number: int = 1) -> Place | None:
        """Return the position of the `number`-th `text` (from 1); None if the file does not have it in this spelling.

        Escapes, and line breaks that YAML folds to spaces, change the spelling.
        """
        sought = text.splitlines()[0] if text.strip() else ""
        at = -1
        for _ in range(number if sought else 0):
            at = self.source.find(sought, at + 1)
            if at < 0:
                break
        if at < 0:
            return None
        line = self.source.count("\n", 0, at)
        begun = self.source.rfind("\n", 0, at) + 1
        column = at - begun + (1 if line else self.place.column)
        return replace(self.place, line=self.place.line + line, column=column)

    def place_of(self, line: int) -> Place:
        """Return the position of a line of the text, from 1. Exact in a `|` block; otherwise the start of the value."""
        return replace(self.place, line=self.place.line + line, column=1) if self.style == "literal" else self.place


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in the order of the file. Keys are unique."""

    place: Place
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...]


Node = Scalar | Mapping | Sequence
