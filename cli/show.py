"""A posted message as text, for a terminal."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
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
    if kind == "table":
        yield _table(block)
        return
    if kind == "image":
        yield Text(f"(image: {block.get('alt_text', '')})", style="dim")
    style = {"header": "bold", "context": "dim"}.get(str(kind), "")
    for text in _texts(block):
        yield Text(text, style=style)


def _table(block: Mapping[str, Any]) -> Table:
    """A table, of which the first row is the head. Columns may be aligned."""
    rows = [[Text("".join(_texts(cell))) for cell in row] for row in block.get("rows", [])]
    aligned = [(each or {}).get("align", "left") for each in block.get("column_settings", [])]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for number, head in enumerate(rows[0] if rows else []):
        table.add_column(head, justify=aligned[number] if number < len(aligned) else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    return table


def _texts(tree: Any) -> Iterator[str]:
    """The texts in a block, in its order; mrkdwn's three entities are what people typed."""
    match tree:
        case {"type": "mrkdwn", "text": str(text)}:
            yield html.unescape(text)
        case {"type": "plain_text" | "raw_text" | "markdown" | "text" | "link", "text": str(text)}:
            yield text
        case Mapping():
            for value in tree.values():
                yield from _texts(value)
        case list():
            for value in tree:
                yield from _texts(value)
