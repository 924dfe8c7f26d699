"""The short forms of blocks: one key each, which becomes a Block Kit block. To add a form, add a row to SHORT_FORMS.

Slack's limits are checked when samples are rendered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cli.compiler import addresses, shape, tables
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Entry, Node, Scalar, Sequence
from cli.language import say
from handler.model import Leaf, Tree

Build = Callable[[Node, Leaves], Tree]


def _header(node: Node, leaves: Leaves) -> Tree:
    return {"type": "header", "text": _plain(leaves.text("plain", node))}


def _section(node: Node, leaves: Leaves) -> Tree:
    return {"type": "section", "text": _mrkdwn(leaves.text("mrkdwn", node))}


def _fields(node: Node, leaves: Leaves) -> Tree:
    entries = shape.entries(shape.filled(node, leaves.report), leaves.report)
    return {"type": "section", "fields": [_field(entry, leaves) for entry in entries]}


def _field(entry: Entry, leaves: Leaves) -> Tree:
    """Return a bold label with the value below it, as in Slack's own examples of fields."""

    def labelled(value: str) -> str:
        return f"*{entry.key.text}*\n{value}"

    leaves.show("label", entry.key, is_key=True)
    value = leaves.text("mrkdwn", entry.value)
    if isinstance(value, Leaf):
        return _mrkdwn(leaves.leaf("mrkdwn", entry.value, labelled))
    return _mrkdwn(labelled(value)) if value else None


def _context(node: Node, leaves: Leaves) -> Tree:
    shape.filled(node, leaves.report)
    elements = node.items if isinstance(node, Sequence) else (node,)
    return {"type": "context", "elements": [_mrkdwn(leaves.text("mrkdwn", element)) for element in elements]}


def _image(node: Node, leaves: Leaves) -> Tree:
    found = shape.keys(node, leaves.report, required=("url", "alt"), optional=("title",))
    address = _address(found["url"], leaves, link=False) if "url" in found else None
    alt = leaves.text("plain", found["alt"]) if "alt" in found else None
    image: dict[str, Tree] = {"type": "image", "image_url": address, "alt_text": alt}
    return {**image, "title": _plain(leaves.text("plain", found["title"]))} if "title" in found else image


def _buttons(node: Node, leaves: Leaves) -> Tree:
    entries = shape.entries(shape.filled(node, leaves.report), leaves.report)
    return {"type": "actions", "elements": [_button(number, entry, leaves) for number, entry in enumerate(entries, 1)]}


def _button(number: int, entry: Entry, leaves: Leaves) -> Tree:
    """Return a button that opens a URL. Its id is unique among the buttons beside it."""
    leaves.show("plain", entry.key, is_key=True)
    address = _address(entry.value, leaves, link=True)
    return {"type": "button", "action_id": f"open-{number}", "text": _plain(entry.key.text), "url": address}


def _address(node: Node, leaves: Leaves, *, link: bool) -> Leaf | str | None:
    if isinstance(node, Scalar) and shape.text(node, leaves.report) is not None:
        return addresses.read(node, leaves, link=link)
    return shape.text(node, leaves.report)


def _markdown(node: Node, leaves: Leaves) -> Tree:
    """Return a `markdown` block. It cannot have values, because Markdown has other escaping rules than mrkdwn."""
    leaves.show("markdown", node)
    return {"type": "markdown", "text": shape.literal(node, leaves.report)}


def _divider(node: Node, leaves: Leaves) -> Tree:
    if not isinstance(node, Scalar) or node.value is not None:
        message, fix = say("a divider has no value"), say("write {code}", code="`- divider`")
        leaves.report.add(node.place, "VALUE_INVALID", message, fix)
    return {"type": "divider"}


def _mrkdwn(text: Leaf | str | None) -> Tree:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: Leaf | str | None) -> Tree:
    return {"type": "plain_text", "text": text}


SHORT_FORMS: Final[dict[str, Build]] = {
    "header": _header,
    "section": _section,
    "fields": _fields,
    "table": tables.read,
    "image": _image,
    "buttons": _buttons,
    "markdown": _markdown,
    "context": _context,
    "divider": _divider,
}
