"""A block_id may occur only once in a message, and a loop repeats that of its block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from handler.block_kit.limits import MAX_ID

Block = dict[str, Any]


def with_unique_ids(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks; where a block_id has occurred before, it gets the first free number: `item`, `item-2`."""
    free = {name: _numbered(name) for name in map(_id, blocks) if name}
    taken = set(free)
    seen: set[str] = set()
    unique = []
    for block in blocks:
        name = _id(block)
        if name and name in seen:
            name = next(one for one in free[name] if one not in taken)
            taken.add(name)
            unique.append({**block, "block_id": name})
        else:
            seen.add(name)
            unique.append(block)
    return unique


def _id(block: Block) -> str:
    name = block.get("block_id")
    return name if isinstance(name, str) else ""


def _numbered(name: str) -> Iterator[str]:
    for number in count(2):
        end = f"-{number}"
        yield name[: MAX_ID - len(end)] + end
