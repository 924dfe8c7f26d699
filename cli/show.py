"""A posted message as text, for a terminal."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text


def panel(message: Mapping[str, Any]) -> Panel:
    """Draw a message as the Slack stand-in keeps it: `channel_name`, `ts`, `text`, `blocks`, `thread_ts`, `edited`."""
    parts: list[RenderableType] = []
    for block in message.get("blocks") or []:
        parts.extend(_block(block))
    reply = ", a reply" if message.get("thread_ts") else ""
    edited = ", edited" if message.get("edited") else ""
    return Panel(
        Group(*(parts or [Text(html.unescape(message["text"]))])),
        title=f"#{message['channel_name']}{reply}{edited}",
        title_align="left",
        subtitle=message["ts"],
        subtitle_align="right",
    )


def _block(block: Mapping[str, Any]) -> Iterator[RenderableType]:
    kind = block.get("type")
    if kind == "divider":
        yield Rule(style="dim")
        return
    style = {"header": "bold", "context": "dim"}.get(str(kind), "")
    for text in _texts(block):
        yield Text(text, style=style)


def _texts(tree: Any) -> Iterator[str]:
    """The texts in a block, in its order; mrkdwn's three entities are what people typed."""
    match tree:
        case {"type": "mrkdwn", "text": str(text)}:
            yield html.unescape(text)
        case {"type": "plain_text", "text": str(text)}:
            yield text
        case Mapping():
            for value in tree.values():
                yield from _texts(value)
        case list():
            for value in tree:
                yield from _texts(value)
