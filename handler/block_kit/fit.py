"""Fit the blocks of a message into Slack's limits. What is cut is marked, so that readers can see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from math import ceil

from handler.block_kit import limits
from handler.block_kit.expand import MAX_SHARE, Block, Expander, more_text
from handler.block_kit.fallback import context_line
from handler.block_kit.ids import with_unique_ids
from handler.model import Group, Tree
from handler.templating import Context, Templates


@dataclass(slots=True)
class _Part:
    """The blocks of one entry of a template's `blocks`, by element if it is a loop. `cut` counts the removed elements.

    `size` is the number of blocks of all elements together, `characters` the number of their characters.
    """

    repeated: bool = False
    elements: list[list[Block]] = field(default_factory=list)
    cut: int = 0
    size: int = 0
    characters: int = 0

    def add(self, element: list[Block]) -> None:
        self.elements.append(element)
        self.size += len(element)
        self.characters += sum(map(limits.characters, element))

    def cut_last(self) -> None:
        element = self.elements.pop()
        self.size -= len(element)
        self.characters -= sum(map(limits.characters, element))
        self.cut += 1

    def blocks(self, language: str) -> Iterator[Block]:
        yield from chain(*self.elements)
        if self.cut:
            yield context_line(more_text(self.cut, language))


def blocks(
    trees: Sequence[Tree], context: Context, templates: Templates, room: int = limits.MAX_BLOCKS, language: str = "en"
) -> list[Block]:
    """Return at most `room` of Slack's blocks. Raises TemplateError.

    Blocks and elements with a blank text are left out, because Slack refuses empty text. If there are too many blocks
    or characters, the last elements of the longest loop are removed, and a line says how many. If that is not enough,
    the values in all long texts are cut further, and at last the rows of a table.
    """
    share = 1
    while True:
        expander = Expander(templates, share)
        parts = [_expand(tree, context, expander, room) for tree in trees]
        _cut_loops(parts, language, room)
        made = [block for part in parts for block in part.blocks(language)]
        full = max(_characters(parts, language) / limits.MAX_TOTAL, *map(limits.fullness, made), 0)
        if full <= 1 or share > MAX_SHARE:
            return with_unique_ids(made)
        share *= 1 + ceil(full)


def _cut_loops(parts: Sequence[_Part], language: str, room: int) -> None:
    while sum(part.size + (part.cut > 0) for part in parts) > room or _characters(parts, language) > limits.MAX_TOTAL:
        loops = [part for part in parts if part.repeated and part.elements]
        if not loops:
            break  # there is no loop to cut; limits.check reports what is too large
        max(loops, key=lambda part: part.size).cut_last()


def _characters(parts: Sequence[_Part], language: str) -> int:
    counts = (limits.characters(context_line(more_text(part.cut, language))) for part in parts if part.cut)
    return sum(part.characters for part in parts) + sum(counts)


def _expand(tree: Tree, context: Context, expander: Expander, room: int) -> _Part:
    """Return the blocks of an entry. What exceeds the limits of a message is only counted."""
    if not isinstance(tree, Group) or tree.over is None:
        part = _Part()
        part.add(list(islice(expander.blocks(tree, context), room + 1)))
        return part
    part = _Part(repeated=True)
    for inner in expander.elements(tree, context):
        if part.size > room or part.characters > limits.MAX_TOTAL:
            part.cut += 1
        else:
            found = (block for child in tree.blocks for block in expander.blocks(child, inner))
            part.add(list(islice(found, room + 1)))
    return part
