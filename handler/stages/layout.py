"""The blocks of a message, and what is too much of them cut where people can see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from handler.fallback import note
from handler.model import Group, Tree
from handler.stages import limits
from handler.stages.fill import Block, elements, expanded, more
from handler.templating import Context, Templates


@dataclass(slots=True)
class _Part:
    """What one entry of a template's `blocks` gave: for a loop, the blocks of each element, and how many were cut."""

    elements: list[list[Block]]
    repeated: bool = False
    cut: int = 0

    def blocks(self, language: str) -> list[Block]:
        return [*chain(*self.elements), *([note(more(self.cut, language))] if self.cut else [])]


def blocks(
    trees: Sequence[Tree], context: Context, templates: Templates, room: int = limits.MAX_BLOCKS, language: str = "en"
) -> list[Block]:
    """Return at most `room` blocks as Slack takes them. Raises TemplateError.

    Blocks and elements whose text comes out blank are left out, as Slack refuses empty text. Where there are too many
    blocks or characters, the longest loop loses its last elements, and says how many.
    """
    parts = [_part(tree, context, templates) for tree in trees]
    while not _fits(found := [block for part in parts for block in part.blocks(language)], room):
        loops = [part for part in parts if part.repeated and part.elements]
        if not loops:
            break  # nothing repeats: limits.check names what is too much
        longest = max(loops, key=lambda part: sum(map(len, part.elements)))
        longest.elements.pop()
        longest.cut += 1
    return found


def _fits(found: Sequence[Block], room: int) -> bool:
    return len(found) <= room and sum(map(limits.characters, found)) <= limits.MAX_TOTAL


def _part(tree: Tree, context: Context, templates: Templates) -> _Part:
    if not isinstance(tree, Group) or tree.over is None:
        return _Part([list(expanded(tree, context, templates))])
    return _Part(
        [
            [block for child in tree.blocks for block in expanded(child, inner, templates)]
            for inner in elements(tree, context, templates)
        ],
        repeated=True,
    )
