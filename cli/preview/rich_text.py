"""Draws Slack's rich text in a terminal.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.text import Text

from cli.preview.characters import emoji, safe
from cli.preview.mrkdwn import CODE, LINK, MENTION, Barred, View, link

_STYLES: Final = {
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "strike": Style(strike=True),
    "underline": Style(underline=True),
    "highlight": Style(reverse=True),
    "code": CODE,
}
_BULLETS: Final = "•◦▪"
# The text of an element is the first of these keys that it has.
_LABELS: Final = ("text", "label", "fallback", "url", "value", "salesforce_field_label", "file_id", "workflow_id")
Element = Mapping[str, Any]


def drawn(block: Element, view: View) -> RenderableType:
    """Return the parts of a rich text block, one below the other."""
    return Group(*_parts(block.get("elements") or [], view))


def _parts(elements: list[Element], view: View) -> Iterator[RenderableType]:
    for part in elements:
        match part.get("type"):
            case "rich_text_list":
                yield from _list(part, view)
            case "rich_text_quote":
                yield Barred(line(part, view))
            case "rich_text_preformatted":
                yield Padding(line(part, view, CODE), (0, 2))
            case _:
                yield line(part, view)


def _list(part: Element, view: View) -> Iterator[RenderableType]:
    depth = int(part.get("indent") or 0)
    for number, item in enumerate(part.get("elements") or [], 1 + int(part.get("offset") or 0)):
        mark = f"{number}. " if part.get("style") == "ordered" else f"{_BULLETS[depth % len(_BULLETS)]} "
        yield Padding(Text(mark).append_text(line(item, view)), (0, 0, 0, 2 * depth))


def line(part: Element, view: View, style: Style = Style.null()) -> Text:  # noqa: B008 - it is a constant
    """Return the elements of a line as text."""
    made = Text()
    for element in part.get("elements") or []:
        made.append_text(_inline(element, view, style))
    return made


def _inline(element: Element, view: View, base: Style) -> Text:
    given = element.get("style") or {}
    style = Style.combine([base, *(look for name, look in _STYLES.items() if given.get(name))])
    kind = str(element.get("type"))
    if kind == "link":
        return link(element["url"], safe(element.get("text") or ""), view, style)
    if kind in _SHOWN:
        return Text(safe(_SHOWN[kind](element, view)), style + (Style.null() if kind in _WORDS else MENTION))
    label = next((str(element[key]) for key in _LABELS if element.get(key)), "")
    return Text(safe(label) or f"({kind.replace('_', ' ')})", style + LINK)


def _date(element: Element, _: View) -> str:
    if fallback := element.get("fallback"):
        return str(fallback)
    try:
        return f"{datetime.fromtimestamp(float(element['timestamp']), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return str(element["timestamp"])


_WORDS: Final[dict[str, Callable[[Element, View], str]]] = {
    "text": lambda element, _: str(element["text"]),
    "emoji": lambda element, _: emoji(element["name"]),
    "date": _date,
    "color": lambda element, _: str(element["value"]),
    "tag": lambda element, _: f"[{element['text']}]",
}
_SHOWN: Final[dict[str, Callable[[Element, View], str]]] = {
    **_WORDS,
    "user": lambda element, view: view.mention(element["user_id"]),
    "canvas_user_mention": lambda element, view: view.mention(element["user_id"]),
    "usergroup": lambda element, view: view.mention(element["usergroup_id"]),
    "team": lambda element, view: view.mention(element["team_id"]),
    "channel": lambda element, view: view.channel(element["channel_id"]),
    "broadcast": lambda element, _: f"@{element['range']}",
}
