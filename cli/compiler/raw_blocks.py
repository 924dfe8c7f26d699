"""Blocks in Slack's own format, as from Block Kit Builder: where expressions are allowed, and how they are escaped."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from cli.compiler import addresses, loops, shape
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Entry, Node, Scalar, Sequence
from cli.compiler.nodes import Mapping as MappingNode
from cli.language import say
from handler.model import LeafContext, Tree

# The blocks of messages: https://docs.slack.dev/reference/block-kit/blocks. Add a new one here.
BLOCK_TYPES: Final = frozenset({
    "actions", "call", "card", "carousel", "container", "context", "context_actions", "data_table",
    "data_visualization", "divider", "file", "header", "image", "input", "markdown", "plan", "rich_text", "section",
    "table", "task_card", "video",
})  # fmt: skip
# Blocks that Slack has, but not in messages.
_MODAL_TYPES: Final = frozenset({"alert"})
# How an expression in `text` is escaped, by the `type` beside it. A `markdown` block is not here: it has other escaping
# rules than mrkdwn, so its text is literal.
_TEXTS: Final[Mapping[str, LeafContext]] = {
    "mrkdwn": "mrkdwn",
    "plain_text": "plain",
    "text": "plain",  # elements of rich_text
    "link": "plain",
    "raw_text": "plain",  # cells of a table
    "raw_number": "plain",
    "tag": "plain",
    "url": "plain",  # sources of a task_card
}
# Here line breaks of a value are kept: the value cannot break out of these.
_CLOSED: Final = frozenset({"rich_text_preformatted", "rich_text_quote"})
# Strings that people see and that are not text objects in Slack.
_WORDS: Final = frozenset({"title", "caption", "label", "x_label", "y_label", "author_name", "provider_name"})
_KEYS: Final[Mapping[str, LeafContext]] = {
    "url": "url",
    "image_url": "url",
    "alt_text": "plain",
    "block_id": "plain",
    **dict.fromkeys(_WORDS, "plain"),
}
# Here a value that is only an expression becomes a number. The `value` of a button or an option is a text.
_NUMBERS: Final = frozenset({"timestamp", "value", "indent", "offset", "border"})
_POINT: Final = "a point of a chart"  # it has no `type`
_MEASURED: Final = frozenset({"raw_number", _POINT})
_DROPPED: Final = frozenset({"mrkdwn", "plain_text"})  # if they are blank
_EXPRESSION: Final = re.compile(r"\s*\{\{[-+]?((?:(?!\}\}).)*?)[-+]?\}\}\s*", re.DOTALL)
# Lists of objects or rows. Each item may have `for` or `if`, or several items in `do`.
_LISTS: Final = frozenset({
    "actions", "categories", "child_blocks", "data", "elements", "fields", "option_groups", "options", "rows",
    "segments", "series", "sources", "tasks",
})  # fmt: skip


def read(node: MappingNode, leaves: Leaves) -> Tree:
    """Return a block that has a `type`, with a leaf for each text with expressions."""
    kind = _type(node)
    if kind in _MODAL_TYPES:
        message = say("Slack shows a block of type `{kind}` in modals only, not in messages", kind=kind)
        leaves.report.add(node.place, "VALUE_INVALID", message, say("write a `section`"))
    elif kind not in BLOCK_TYPES:
        close = difflib.get_close_matches(kind, BLOCK_TYPES, n=1)
        fix = say("the types are: {names}", names=", ".join(sorted(BLOCK_TYPES)))
        if close:
            fix = say("write {code}", code=f"`{close[0]}`")
        leaves.report.add(node.place, "VALUE_INVALID", say("Slack has no block of type `{kind}`", kind=kind), fix)
    return _object(node, leaves)


def _tree(node: Node, leaves: Leaves, around: str = "") -> Tree:
    match node:
        case MappingNode():
            return _object(node, leaves, around)
        case Sequence():
            return [_tree(item, leaves) for item in node.items]
        case Scalar(value=Decimal() as fraction):
            return float(fraction)
        case Scalar(value=int() | None as value, comment=""):  # includes true and false
            return value
        case _:
            return shape.literal(node, leaves.report, exact=True)


def _object(node: MappingNode, leaves: Leaves, around: str = "") -> Tree:
    """Return an object with leaves. `around` is the type of the object whose list it is in."""
    kind = _type(node)
    texts = {**_TEXTS, "text": "exact"} if around in _CLOSED else _TEXTS
    made = {entry.key.text: _value(entry, kind, texts, leaves) for entry in shape.entries(node, leaves.report)}
    return made | {"verbatim": True} if kind == "mrkdwn" else made


def _item(node: Node, leaves: Leaves, around: str) -> Tree:
    """Return an item of a list. A text is a category of a chart."""

    def read(one: Node, inner: Leaves) -> Tree:
        return inner.text("plain", one) if isinstance(one, Scalar) else _tree(one, inner, around)

    return loops.read(node, leaves, read)


def _type(node: MappingNode) -> str:
    types = (entry.value for entry in node.entries if entry.key.text == "type")
    is_point = {"label", "value"} <= {entry.key.text for entry in node.entries}
    return next((value.text for value in types if isinstance(value, Scalar)), _POINT if is_point else "")


def _value(entry: Entry, kind: str, texts: Mapping[str, LeafContext], leaves: Leaves) -> Tree:
    node, key = entry.value, entry.key.text
    if key in _LISTS:
        return [_item(item, leaves, kind) for item in shape.items(node, leaves.report)]
    context = texts.get(kind) if key == "text" else _KEYS.get(key)
    if key == "name" and not kind:  # the name of a series; an emoji's has a `type` beside it
        context = "plain"
    if (kind, key) == ("markdown", "text"):
        leaves.show("markdown", node)
    if not isinstance(node, Scalar) or (node.value is None and key in _WORDS):
        return _tree(node, leaves)
    if key in _NUMBERS and (key != "value" or kind in _MEASURED) and (match := _EXPRESSION.fullmatch(node.text)):
        return leaves.leaf("expression", node, lambda _: match[1])
    if context is None:
        return _tree(node, leaves)
    if context == "url":
        return addresses.read(node, leaves, link=key == "url")
    # The function drops a blank text object, so a literal blank one is reported.
    return leaves.text(context, node, exact=kind not in _DROPPED or bool(node.text.strip()))
