"""Blocks in Slack's own form, as pasted from its Block Kit Builder: where in them expressions may stand, and how."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from cli.compiler import addresses, shape
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Entry, Node, Scalar, Sequence
from cli.compiler.nodes import Mapping as MappingNode
from handler.model import LeafContext, Tree

# https://docs.slack.dev/reference/block-kit/blocks, those that a message can hold. A new one is a new row.
BLOCK_TYPES: Final = frozenset({
    "actions", "alert", "card", "carousel", "container", "context", "context_actions", "data_table", "divider", "file",
    "header", "image", "input", "markdown", "plan", "rich_text", "section", "table", "task_card", "video",
})  # fmt: skip
# What an expression in `text` is escaped for, by the `type` beside it. A `markdown` block has other rules of
# escaping than mrkdwn, and is not here: it is literal.
_TEXTS: Final[Mapping[str, LeafContext]] = {
    "mrkdwn": "mrkdwn",
    "plain_text": "plain",
    "text": "plain",  # elements of rich_text
    "link": "plain",
    "raw_text": "plain",  # cells of a table
}
# In these the line breaks of a value stay: whatever it says, it stays inside.
_CLOSED: Final = frozenset({"rich_text_preformatted", "rich_text_quote"})
_KEYS: Final[Mapping[str, LeafContext]] = {"url": "url", "image_url": "url", "alt_text": "plain"}
_LISTS: Final = frozenset({"elements", "fields", "rows"})


def read(node: MappingNode, leaves: Leaves) -> Tree:
    """Return a block with a `type`, with leaves where it holds expressions."""
    kind = _type(node)
    if kind not in BLOCK_TYPES:
        close = difflib.get_close_matches(kind, BLOCK_TYPES, n=1)
        fix = f"write `{close[0]}`" if close else f"the types are: {', '.join(sorted(BLOCK_TYPES))}"
        leaves.report.add(node.place, "VALUE_INVALID", f"Slack has no block of type `{kind}`", fix)
    return _object(node, leaves)


def _tree(node: Node, leaves: Leaves, around: str = "") -> Tree:
    match node:
        case MappingNode():
            return _object(node, leaves, around)
        case Sequence():
            return [_tree(item, leaves) for item in node.items]
        case Scalar(value=value):
            if isinstance(value, int):  # true and false too
                return value
            if isinstance(value, str):
                return shape.literal(node, leaves.report)
    message = f"`{node.place.path}` is a fraction or empty, and Block Kit has neither"
    leaves.report.add(node.place, "VALUE_INVALID", message, "write a whole number or a text, or leave it out")
    return None


def _object(node: MappingNode, leaves: Leaves, around: str = "") -> Tree:
    """`around` is the type of the object in whose list this one stands."""
    kind = _type(node)
    texts = {**_TEXTS, "text": "exact"} if around in _CLOSED else _TEXTS
    made = {entry.key.text: _value(entry, kind, texts, leaves) for entry in shape.entries(node, leaves.report)}
    return made | {"verbatim": True} if kind == "mrkdwn" else made


def _type(node: MappingNode) -> str:
    types = (entry.value for entry in node.entries if entry.key.text == "type")
    return next((value.text for value in types if isinstance(value, Scalar)), "")


def _value(entry: Entry, kind: str, texts: Mapping[str, LeafContext], leaves: Leaves) -> Tree:
    node = entry.value
    if entry.key.text in _LISTS:
        return [_tree(item, leaves, kind) for item in shape.items(node, leaves.report)]
    context = texts.get(kind) if entry.key.text == "text" else _KEYS.get(entry.key.text)
    if context is None or not isinstance(node, Scalar):
        return _tree(node, leaves)
    return addresses.read(node, leaves) if context == "url" else leaves.text(context, node)
