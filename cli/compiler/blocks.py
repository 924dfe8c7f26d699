"""`blocks:` - the layout of a message: short forms, blocks in Slack's own format, and groups of blocks."""

from __future__ import annotations

from typing import Final

from cli.compiler import loops, raw_blocks, shape
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Mapping, Node, Scalar
from cli.compiler.short_forms import SHORT_FORMS
from cli.compiler.yaml_mistakes import in_key
from cli.language import say
from handler.model import Group, Tree

# Other names for a block -> the key to write.
MEANT: Final = {
    "text": "section",
    "paragraph": "section",
    "mrkdwn": "section",
    "title": "header",
    "link": "buttons",
    "when": "if",
    "else": "if",
    "elif": "if",
}


def read(node: Node, leaves: Leaves) -> tuple[Tree, ...]:
    """Return the blocks of a template as Block Kit with leaves, or as groups. A block with an invalid shape is None."""
    found = tuple(_sound_block(item, leaves) for item in shape.items(node, leaves.report))
    if sum(map(_tables, found)) > 1:
        message = say("a message has one table at most")
        leaves.report.add(node.place, "VALUE_INVALID", message, say("show the other rows as `section` under `for`"))
    return found


def _sound_block(node: Node, leaves: Leaves) -> Tree:
    """Return the block; None if it has an error outside of an expression, as it cannot be rendered then."""
    errors, faulty = leaves.report.errors, len(leaves.faulty)
    block = _block(node, leaves)
    return block if leaves.report.errors - errors <= len(leaves.faulty) - faulty else None


def _block(node: Node, leaves: Leaves) -> Tree:
    return loops.read(node, leaves, _single)


def _single(node: Node, leaves: Leaves) -> Tree:
    if isinstance(node, Scalar) and node.text == "divider":
        return {"type": "divider"}
    if not isinstance(node, Mapping):
        return _unreadable(node, leaves)
    if any(entry.key.text == "type" for entry in node.entries):
        return raw_blocks.read(node, leaves)
    found = shape.keys(node, leaves.report, optional=(*SHORT_FORMS, "type", *loops.GROUPING), meant=MEANT)
    if len(found) == 1:
        return next(SHORT_FORMS[form](value, leaves) for form, value in found.items())
    return _unreadable(node, leaves) if len(found) == len(node.entries) else None  # else there is a finding already


def _unreadable(node: Node, leaves: Leaves) -> Tree:
    message = say("a block is one of: {names}, or has a `type`", names=", ".join(SHORT_FORMS))
    fix = say("begin each block with `- ` on a line of its own")
    if isinstance(node, Scalar):
        message, fix = in_key(node.text, SHORT_FORMS) or (message, fix)
    leaves.report.add(node.place, "VALUE_INVALID", message, fix)
    return None


def _tables(tree: Tree) -> int:
    if isinstance(tree, Group):
        return sum(map(_tables, tree.blocks))
    return isinstance(tree, dict) and tree.get("type") == "table"
