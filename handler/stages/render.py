"""Render a message from a context. The template gives the structure; values only fill its strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from handler.block_kit import fit, limits
from handler.block_kit.fallback import context_line
from handler.frozen import frozen
from handler.model import Notification
from handler.templating import Context, DiagnosedError, Diagnosis, Templates
from handler.templating.text import mrkdwn

# Slack recommends 4,000 characters for a post, and takes no more in an edit. The prefix and the footers are among them,
# and 100 are left for the footer of a delivery that has to begin a thread anew.
# https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update
TEXT_CHARACTERS: Final = 3_900


@frozen
class Content:
    """The rendered text and blocks of a message."""

    text: str
    blocks: list[dict[str, Any]]


def is_wanted(notification: Notification, context: Context, templates: Templates) -> bool:
    """Whether the notification's `when` holds."""
    return notification.when is None or bool(templates.evaluate(notification.when, context))


def render(
    notification: Notification,
    context: Context,
    templates: Templates,
    footers: Sequence[str] = (),
    prefix: str = "",
) -> Content:
    """Render text and blocks, with the prefix at the start and the footers at the end of both. Raises TemplateError."""
    before = [mrkdwn(prefix)] if prefix else []
    after = [f"_{mrkdwn(one)}_" for one in footers]
    others = sum(len(line) + 1 for line in (*before, *after))
    text = templates.render(notification.text, context, max(TEXT_CHARACTERS - others, TEXT_CHARACTERS // 2)).strip()
    if not text:
        raise DiagnosedError(Diagnosis("message_empty"), notification.text.where)
    room = limits.MAX_BLOCKS - len(before) - len(after)
    blocks = fit.blocks(notification.blocks, context, templates, room, templates.locale.language)
    if blocks:
        blocks = [*map(context_line, before), *blocks, *map(context_line, after)]
    beside = "\n" if text.startswith((">", "&gt;")) else " "  # a quote must start a line
    return Content("\n".join([beside.join([*before, text]), *after]), blocks)
