"""Draws Slack's mrkdwn in a terminal.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from cli.preview.characters import NAME, emoji, safe, typed, with_emoji

if TYPE_CHECKING:
    from handler.catalog import Stage

MENTION: Final = Style(bold=True, color="yellow")
LINK: Final = Style(underline=True, color="blue")
CODE: Final = Style(color="magenta")
DIM: Final = Style(dim=True)

_STYLES: Final = {"bold": Style(bold=True), "italic": Style(italic=True), "strike": Style(strike=True)}
# Slack reads a pair of signs as markup only if no letter, digit or full-width punctuation is directly beside it.
_WIDE: Final = r"\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"


def _pair(name: str, sign: str) -> str:
    edge = rf"(?:[^\W_]|[{_WIDE}{sign}])"
    return rf"(?<!{edge}){re.escape(sign)}(?=\S)(?P<{name}>[^{sign}\n]*[^\s{sign}]){re.escape(sign)}(?!{edge})"


_MARKUP: Final = re.compile(
    "|".join(
        [
            r"```(?P<block>(?s:.+?))```",
            r"`(?P<code>[^`\n]+)`",
            r"<(?P<bracket>[^<>\n]+)>",
            rf"(?P<emoji>{NAME})",
            _pair("bold", "*"),
            _pair("italic", "_"),
            _pair("strike", "~"),
        ]
    )
)
_BLOCK: Final = re.compile(r"\n?```(.+?)```\n?", re.DOTALL)
_QUOTED: Final = re.compile(r"(?:&gt;|>) ?")
_BROADCASTS: Final = ("here", "channel", "everyone")
_FOLLOWED: Final = re.compile(r"(?:https?|mailto|tel|slack):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class View:
    """How to draw a message: aliases by the ids of the stage, and whether links can be clicked.

    If they cannot, as in a file, the URL follows the label.
    """

    mentions: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    clickable: bool = True

    @classmethod
    def of(cls, stage: Stage, *, clickable: bool = True) -> View:
        """Return the View for a stage."""
        people = {**_aliases(stage.locale.people), **_aliases(stage.locale.mentions)}
        return cls(people, _aliases(stage.channels), clickable)

    def mention(self, identifier: str, label: str = "") -> str:
        """Return the text for a mention of a person or a group."""
        return "@" + (self.mentions.get(identifier) or label.removeprefix("@") or identifier)

    def channel(self, identifier: str, label: str = "") -> str:
        """Return the text for a link to a channel."""
        return "#" + (label.removeprefix("#") or self.channels.get(identifier) or identifier)


def _aliases(ids: Mapping[str, str]) -> dict[str, str]:
    """Return the aliases by id. If several have the same id, all are shown."""
    found: dict[str, str] = {}
    for alias, identifier in ids.items():
        found[identifier] = f"{found[identifier]}/{alias}" if identifier in found else alias
    return found


class Barred:
    """Draws its content with a bar on the left of every line."""

    def __init__(self, part: RenderableType, bar: str = "▎ ") -> None:
        self._part = part
        self._bar = bar

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the content, narrowed by the width of the bar."""
        width = max(options.max_width - len(self._bar), 1)
        for line in console.render_lines(self._part, options.update(width=width, height=None)):
            yield Segment(self._bar, DIM)
            yield from line
            yield Segment.line()


def drawn(source: str, view: View) -> RenderableType:
    """Return a text with its quotes and code blocks as separate parts."""
    parts = [*_parts(safe(source), view)]
    return Group(*parts) if parts else Text()


def _parts(source: str, view: View) -> Iterator[RenderableType]:
    for number, piece in enumerate(_BLOCK.split(source)):
        if number % 2:
            yield Padding(Text(typed(piece).strip("\n"), CODE), (0, 2))
        elif piece:
            for quoted, lines in groupby(piece.split("\n"), lambda line: bool(_QUOTED.match(line))):
                if quoted:
                    yield Barred(inline("\n".join(_QUOTED.sub("", line, count=1) for line in lines), view))
                else:
                    yield inline("\n".join(lines), view)


def inline(source: str, view: View, style: Style = Style.null()) -> Text:  # noqa: B008 - it is a constant
    """Return a text with styles, links, mentions and emoji as in Slack."""
    source, made, at = safe(source), Text(), 0
    for found in _MARKUP.finditer(source):
        made.append(typed(source[at : found.start()]), style)
        kind, inner = str(found.lastgroup), found[str(found.lastgroup)]
        if kind in _STYLES:
            made.append_text(inline(inner, view, style + _STYLES[kind]))
        elif kind == "bracket":
            made.append_text(_bracket(inner, view, style))
        elif kind == "emoji":
            made.append(emoji(inner[1:-1]), style)
        else:
            made.append(typed(inner), style + CODE)
        at = found.end()
    return made.append(typed(source[at:]), style)


def plain(source: str, style: Style = Style.null()) -> Text:  # noqa: B008 - it is a constant
    """Return a plain text, in which Slack only renders emoji."""
    return Text(with_emoji(safe(source)), style)


def link(address: str, label: str, view: View, style: Style = Style.null()) -> Text:  # noqa: B008 - it is a constant
    """Return a link: a clickable label, or a label followed by its URL."""
    address = safe(address).replace("\n", "")
    shown = label or address.removeprefix("mailto:")
    if view.clickable:
        target = Style(link=address) if _FOLLOWED.match(address) else Style.null()
        return Text(shown, style + LINK + target)
    return Text(shown if shown in (address, address.removeprefix("mailto:")) else f"{shown} ({address})", style + LINK)


def _bracket(inner: str, view: View, style: Style) -> Text:
    target, _, label = inner.partition("|")
    label = typed(label)
    if target.startswith("@"):
        return Text(view.mention(target[1:], label), style + MENTION)
    if target.startswith("!subteam^"):
        return Text(view.mention(target.removeprefix("!subteam^"), label), style + MENTION)
    if target[1:] in _BROADCASTS and target.startswith("!"):
        return Text(f"@{target[1:]}", style + MENTION)
    if target.startswith("#"):
        return Text(view.channel(target[1:], label), style + LINK)
    if target.startswith("!date^"):
        # Slack formats the date for the reader's time zone; the text after | is its fallback.
        _, _, _, *address = target.split("^", 3)
        return link(address[0], label, view, style) if address else Text(label or target, style)
    if target.startswith("!"):
        return Text(label or f"<{inner}>", style)
    return link(typed(target), with_emoji(label), view, style)
