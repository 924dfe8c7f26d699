"""`blocks:` - short forms become Block Kit; a block with a `type` is taken as it was pasted.

A short form is a row of SHORT_FORMS. What Slack takes of a message is checked where samples are rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cli.compiler import raw_blocks, shape
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Entry, Mapping, Node, Scalar, Sequence
from handler.model import Leaf, Tree

Build = Callable[[Node, Leaves], Tree]


def read(node: Node, leaves: Leaves) -> tuple[Tree, ...]:
    """Return the blocks of a template as Block Kit with leaves."""
    return tuple(_block(item, leaves) for item in shape.items(node, leaves.report))


def _block(node: Node, leaves: Leaves) -> Tree:
    if isinstance(node, Scalar) and node.text == "divider":
        return {"type": "divider"}
    if isinstance(node, Mapping) and any(entry.key.text == "type" for entry in node.entries):
        return raw_blocks.read(node, leaves)
    found = shape.keys(node, leaves.report, optional=(*SHORT_FORMS, "type")) if isinstance(node, Mapping) else {}
    if len(found) == 1:
        return next(SHORT_FORMS[form](value, leaves) for form, value in found.items())
    if not isinstance(node, Mapping) or len(found) == len(node.entries):  # an unknown key has its finding already
        message = f"a block is one of: {', '.join(SHORT_FORMS)}, or has a `type`"
        leaves.report.add(node.place, "VALUE_INVALID", message, "begin each block with `- ` on a line of its own")
    return None


def _header(node: Node, leaves: Leaves) -> Tree:
    return {"type": "header", "text": {"type": "plain_text", "text": leaves.text("plain", node)}}


def _section(node: Node, leaves: Leaves) -> Tree:
    return {"type": "section", "text": _mrkdwn(leaves.text("mrkdwn", node))}


def _fields(node: Node, leaves: Leaves) -> Tree:
    return {"type": "section", "fields": [_field(entry, leaves) for entry in shape.entries(node, leaves.report)]}


def _field(entry: Entry, leaves: Leaves) -> Tree:
    """A bold label with its value below, which is how Slack's own examples write a field."""

    def labelled(value: str) -> str:
        return f"*{entry.key.text}*\n{value}"

    value = leaves.text("mrkdwn", entry.value)
    if isinstance(value, Leaf):
        return _mrkdwn(leaves.leaf("mrkdwn", entry.value, labelled))
    return _mrkdwn(labelled(value)) if value else None


def _context(node: Node, leaves: Leaves) -> Tree:
    elements = node.items if isinstance(node, Sequence) else (node,)
    return {"type": "context", "elements": [_mrkdwn(leaves.text("mrkdwn", element)) for element in elements]}


def _divider(node: Node, leaves: Leaves) -> Tree:
    if not isinstance(node, Scalar) or node.value is not None:
        leaves.report.add(node.place, "VALUE_INVALID", "a divider has no value", "write `- divider`")
    return {"type": "divider"}


def _mrkdwn(text: Leaf | str | None) -> Tree:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


SHORT_FORMS: Final[dict[str, Build]] = {
    "header": _header,
    "section": _section,
    "fields": _fields,
    "context": _context,
    "divider": _divider,
}
