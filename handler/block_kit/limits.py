"""Slack's limits for a message, checked before it is sent, so that an error can name the part that is too large.

Sources: https://docs.slack.dev/reference/block-kit/blocks and .../block-kit/composition-objects; the total is not
documented; Slack answers `msg_blocks_too_long` at about 13,200 characters (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from handler.templating.diagnosis import DiagnosedError, Diagnosis, Path

if TYPE_CHECKING:
    from handler.templating.kinds import Kind

MAX_TEXT: Final = 40_000
MAX_BLOCKS: Final = 50
MAX_TOTAL: Final = 12_000
MAX_UNDOCUMENTED: Final = 3_000  # of texts and addresses without a documented limit; most of the others have this one
MAX_ROWS: Final = 100  # of a table
MAX_TABLES: Final = 1
MAX_ID: Final = 255  # of a block_id

# For each type of block: its strings, with their maximum number of characters ...
_CHARACTERS: Final[dict[str, dict[str, int]]] = {
    "header": {"text.text": 150},
    "section": {"text.text": 3000, "fields[].text": 2000, "accessory.text.text": 75, "accessory.url": 3000},
    "context": {"elements[].text": 3000, "elements[].image_url": 3000, "elements[].alt_text": 2000},
    "actions": {"elements[].text.text": 75, "elements[].value": 2000, "elements[].url": 3000},
    "image": {"image_url": 3000, "alt_text": 2000, "title.text": 2000},
    "markdown": {"text": 12_000},
    "table": {"rows[][].text": 2000},
}
# ... and its lists, with their maximum number of elements.
_ELEMENTS: Final[dict[str, dict[str, int]]] = {
    "section": {"fields": 10},
    "context": {"elements": 10},
    "actions": {"elements": 25},
    "table": {"rows": MAX_ROWS, "rows[]": 20},
}


_TABLES: Final = frozenset({"table", "data_table"})


def check(text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
    """Raise DiagnosedError (BLOCK_LIMIT) with the path of the part if Slack would refuse the message for its size."""
    _require_at_most(("text",), len(text), MAX_TEXT, "too_many_characters")
    _require_at_most(("blocks",), len(blocks), MAX_BLOCKS, "too_many_blocks")
    _require_at_most(("blocks",), sum(block.get("type") in _TABLES for block in blocks), MAX_TABLES, "too_many_tables")
    total = 0
    for number, block in enumerate(blocks):
        total += _check_block(("blocks", number), block)
    _require_at_most(("blocks",), total, MAX_TOTAL, "too_many_characters_in_all")


def max_characters(kind: str, path: str) -> int:
    """Return the maximum number of characters at `path`, such as `fields[].text`, in a block of type `kind`."""
    return MAX_ID if path == "block_id" else _CHARACTERS.get(kind, {}).get(path, MAX_UNDOCUMENTED)


def characters(block: Mapping[str, Any]) -> int:
    """Count the characters that a block adds to the total of a message."""
    paths = _CHARACTERS.get(str(block.get("type")), {})
    return sum(len(text) for path in paths for _, text in _parts_at(block, path, ()))


def _check_block(place: Path, block: Mapping[str, Any]) -> int:
    kind = str(block.get("type"))
    _require_at_most((*place, "block_id"), len(str(block.get("block_id", ""))), MAX_ID, "too_many_characters")
    for path, most in _ELEMENTS.get(kind, {}).items():
        for where, elements in _parts_at(block, path, place):
            _require_at_most(where, len(elements), most, "too_many_block_elements")
    for path, most in _CHARACTERS.get(kind, {}).items():
        for where, text in _parts_at(block, path, place):
            _require_at_most(where, len(text), most, "too_many_characters")
            if not text:
                raise DiagnosedError(Diagnosis("part_empty", path=where))
    return characters(block)


def _parts_at(tree: Any, path: str, place: Path) -> Iterator[tuple[Path, Any]]:
    """Yield every string or list at a path such as `elements[].text`, with its place."""
    head, _, rest = path.partition(".")
    key = head.rstrip("[]")
    if not isinstance(tree, Mapping) or key not in tree:
        return
    branches: list[tuple[Path, Any]] = [((*place, key), tree[key])]
    for _ in range(head.count("[]")):
        branches = [
            ((*where, number), one)
            for where, found in branches
            if isinstance(found, list)
            for number, one in enumerate(found)
        ]
    for where, one in branches:
        if rest:
            yield from _parts_at(one, rest, where)
        elif isinstance(one, str | list):
            yield where, one


def _require_at_most(path: Path, size: int, limit: int, kind: Kind) -> None:
    if size > limit:
        raise DiagnosedError(Diagnosis(kind, path=path, size=size, limit=limit))
