"""`for: item in items` and `if: expression` - repeats a part of a message, or shows it on a condition."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from cli.compiler import shape
from cli.compiler.leaves import Leaves, too_deep
from cli.compiler.names import RESERVED, own_name
from cli.compiler.nodes import Mapping as MappingNode
from cli.compiler.nodes import Node, Scalar
from cli.language import say
from handler.model import Group, Leaf, Tree
from handler.templating.language import MAX_LOOP_DEPTH

KEYS: Final = ("for", "if")
GROUPING: Final = (*KEYS, "do")

_LOOP: Final = re.compile(r"\s*(?P<name>\S+)\s+in\s+(?P<over>\S.*?)\s*", re.DOTALL)


def read(node: Node, leaves: Leaves, single: Callable[[Node, Leaves], Tree]) -> Tree:
    """Return what `single` reads from an item; a Group if it has `for` or `if`, or several items in `do`."""
    entries = node.entries if isinstance(node, MappingNode) else ()
    grouping = {entry.key.text: entry.value for entry in entries if entry.key.text in GROUPING}
    if not grouping:
        return single(node, leaves)
    rest = MappingNode(node.place, tuple(entry for entry in entries if entry.key.text not in GROUPING))
    if "do" not in grouping:
        return group(grouping, leaves, lambda inner: [single(rest, inner)])
    if rest.entries or len(grouping) == 1:
        message = say("`do` stands under `for` or `if`")
        if rest.entries:
            message = say("`do` holds what is repeated, so `{key}` goes into it", key=rest.entries[0].key.text)
        leaves.report.add(node.place, "VALUE_INVALID", message, say("write the items without `do`, or all in it"))
        return None
    items = shape.items(shape.filled(grouping["do"], leaves.report), leaves.report)
    return group(grouping, leaves, lambda inner: [read(item, inner, single) for item in items])


def group(found: Mapping[str, Node], leaves: Leaves, blocks: Callable[[Leaves], list[Tree]]) -> Group:
    """Return a Group of what `blocks` reads, with the `for` and the `if` in `found`. It can use the loop variable."""
    name, over, inner = _loop(found["for"], leaves) if "for" in found else ("", None, leaves)
    when = inner.leaf("expression", found["if"]) if "if" in found else None
    return Group(blocks(inner), when, name, over)


def _loop(node: Node, leaves: Leaves) -> tuple[str, Leaf | None, Leaves]:
    """Return the loop variable, the expression of the list, and the Leaves for the inside of the loop."""
    match = _LOOP.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match is None or not isinstance(node, Scalar):
        fix = say("write {text}", text="for: item in items")
        leaves.report.add(node.place, "VALUE_INVALID", say("`for` takes a name, `in`, and a list"), fix)
        return "", None, leaves.within("")
    name = own_name(node, leaves.report, match["name"])
    if name in leaves.names and name not in RESERVED:
        message = say("`{name}` is the name of something else here already", name=name)
        leaves.report.add(node.place, "NAME_RESERVED", message)
    if leaves.loops >= MAX_LOOP_DEPTH:
        too_deep(node.place, leaves.report)
    over = leaves.leaf("expression", node, lambda _: match["over"], instead="[]")
    return name, over, leaves.within(name, match["over"])
