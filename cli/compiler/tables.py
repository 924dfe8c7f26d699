"""`table:` - a header, and either one row for each element of a list, or literal rows."""

from __future__ import annotations

from typing import Final

from cli.compiler import loops, shape
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Mapping, Node, Sequence
from cli.language import say
from handler.model import Tree

KEYS: Final = ("head", "row", "rows", *loops.KEYS)
# https://docs.slack.dev/reference/block-kit/blocks/table-block
MAX_ROWS: Final = 100
MAX_CELLS: Final = 20


def read(node: Node, leaves: Leaves) -> Tree:
    """Return a Slack table: rows of cells, with the header as the first row."""
    if leaves.loops:
        message = say("a message has one table at most, so none can be repeated")
        leaves.report.add(node.place, "VALUE_INVALID", message, say("put `for` and `row` into the table"))
    found = shape.keys(node, leaves.report, optional=KEYS)
    if isinstance(node, Mapping) and ("row" in found) == ("rows" in found):
        message = say("`{path}` has either `row` with `for`, or `rows`", path=node.place.path)
        leaves.report.add(node.place, "VALUE_INVALID", message, say("write for: item in items, and row: [...]"))
        return None
    head = [_row(found["head"], leaves)] if "head" in found else []
    if "rows" in found:
        body: list[Tree] = [_row(row, leaves) for row in shape.items(found["rows"], leaves.report)]
        _no_loop_around(node, found, leaves)
    else:
        body = _repeated(node, found, leaves)
    return {"type": "table", "rows": [*head, *body]}


def _no_loop_around(node: Node, found: dict[str, Node], leaves: Leaves) -> None:
    if stray := [key for key in loops.KEYS if key in found]:
        message = say("`{key}` in `{path}` goes with `row`, not with `rows`", key=stray[0], path=node.place.path)
        leaves.report.add(node.place, "VALUE_INVALID", message, say("write row: [...] for what is repeated"))


def _repeated(node: Node, found: dict[str, Node], leaves: Leaves) -> list[Tree]:
    if "for" not in found or "row" not in found:
        if isinstance(node, Mapping):
            message = say("`row` is repeated, and `for` says over what")
            leaves.report.add(node.place, "VALUE_INVALID", message, say("write for: item in items beside row"))
        return []
    return [loops.group(found, leaves, lambda inner: [_row(found["row"], inner)])]


def _row(node: Node, leaves: Leaves) -> list[Tree]:
    cells = shape.items(node, leaves.report)
    if len(cells) > MAX_CELLS or (isinstance(node, Sequence) and not cells):
        message = say(
            "`{path}` has {count} cells, and a row has 1 to {most}",
            path=node.place.path,
            count=len(cells),
            most=MAX_CELLS,
        )
        leaves.report.add(node.place, "VALUE_INVALID", message, say("show fewer columns"))
    return [{"type": "raw_text", "text": leaves.text("plain", cell)} for cell in cells]
