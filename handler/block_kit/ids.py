"""A block_id may occur only once in a message, and a loop repeats that of its block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from handler.block_kit.limits import MAX_ID

Block = dict[str, Any]

_NESTED: Final = {"container": "child_blocks", "carousel": "elements"}


def with_unique_ids(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks; where a block_id has occurred before, it gets the first free number: `item`, `item-2`.

    The blocks inside a container or a carousel count too.
    """
    free = {name: _numbered(name) for name in map(_id, _all(blocks)) if name}
    taken = set(free)
    seen: set[str] = set()

    def unique(block: Block) -> Block:
        name, inner = _id(block), _inside(block)
        if name and name in seen:
            name = next(one for one in free[name] if one not in taken)
            taken.add(name)
            block = {**block, "block_id": name}
        seen.add(name)
        return {**block, _NESTED[block["type"]]: [unique(one) for one in inner]} if inner else block

    return [unique(block) for block in blocks]


def _all(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        yield from _all(_inside(block))


def _inside(block: Block) -> list[Block]:
    found = block.get(_NESTED.get(str(block.get("type")), ""))
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else []


def _id(block: Block) -> str:
    name = block.get("block_id")
    return name if isinstance(name, str) else ""


def _numbered(name: str) -> Iterator[str]:
    for number in count(2):
        end = f"-{number}"
        yield name[: MAX_ID - len(end)] + end
