"""From a context to what Slack shows. Structure comes from the template, values only ever fill its strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from handler.errors import TemplateError
from handler.model import Leaf, Notification, Tree
from handler.templating import Context, Templates
from handler.templating.text import mrkdwn

# What a block needs at least one of; a block left without any of them says nothing, and Slack would refuse it.
_SAYING: Final = frozenset({"text", "fields", "elements"})
_TEXT_OBJECTS: Final = frozenset({"mrkdwn", "plain_text"})
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Content:
    """The rendered text and blocks of a message."""

    text: str
    blocks: list[dict[str, Any]]


def speaks(notification: Notification, context: Context, templates: Templates) -> bool:
    """Whether the notification's `when` holds."""
    return notification.when is None or bool(templates.evaluate(notification.when, context))


def render(notification: Notification, context: Context, templates: Templates, notes: Sequence[str] = ()) -> Content:
    """Render text and blocks, and add the notes to both. Raises TemplateError.

    Blocks and elements whose text comes out blank are left out: Slack refuses empty text.
    """
    text = templates.render(notification.text, context).strip()
    if not text:
        raise TemplateError("MESSAGE_EMPTY", notification.text.where)
    filled = [_fill(block, context, templates) for block in notification.blocks]
    blocks = [block for block in filled if block is not _NOTHING]
    written = [f"_{mrkdwn(note)}_" for note in notes]
    return Content("\n".join([text, *written]), [*blocks, *map(_context, written)] if blocks else [])


def _fill(tree: Tree, context: Context, templates: Templates) -> Any:
    match tree:
        case Leaf():
            return templates.render(tree, context)
        case list():
            return [one for item in tree if (one := _fill(item, context, templates)) is not _NOTHING]
        case dict():
            return _kept(tree, {key: _fill(value, context, templates) for key, value in tree.items()})
        case _:
            return tree


def _kept(tree: dict[str, Any], filled: dict[str, Any]) -> Any:
    if filled.get("type") in _TEXT_OBJECTS:
        return filled if str(filled.get("text", "")).strip() else _NOTHING
    kept = {key: value for key, value in filled.items() if value is not _NOTHING and (value != [] or not tree[key])}
    emptied = len(kept) < len(filled)
    return _NOTHING if emptied and not _SAYING & kept.keys() else kept


def _context(note: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": note, "verbatim": True}]}
