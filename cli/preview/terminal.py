"""Draws a message in the terminal as Slack shows it.

Values are escaped: no markup of the terminal library and no control character in them takes effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from cli.language import say
from cli.preview import elements, mrkdwn, rich_text
from cli.preview.characters import safe, with_emoji
from cli.preview.elements import text_of
from cli.preview.mrkdwn import DIM, Barred, View

BOLD: Final = Style(bold=True)
_FRAME: Final = 6  # columns that the edges of a panel need beside its title
Block = Mapping[str, Any]
Parts = Iterator[RenderableType]


class Indented:
    """Draws its content indented by two columns. In a pipe or a file, no line ends in spaces."""

    def __init__(self, part: RenderableType) -> None:
        self._part = part

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the content two columns narrower."""
        narrower = options.update(width=max(options.max_width - 2, 1), height=None)
        for line in console.render_lines(self._part, narrower, pad=False):
            yield Segment("  ")
            yield from line if console.is_terminal else [Segment("".join(part.text for part in line).rstrip())]
            yield Segment.line()


class Framed:
    """Draws a message below its title: in a box in a terminal; otherwise as lines that are not wrapped again."""

    def __init__(self, title: str, content: RenderableType, aside: str = "") -> None:
        self._title = Text(safe(title), BOLD)
        self._content = content
        self._aside = aside

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the message. A title that is too long for the edge of the box goes inside."""
        if not console.is_terminal:
            yield self._title
            yield Indented(self._content)
            return
        fits = cell_len(self._title.plain) + _FRAME <= options.max_width
        yield Panel(
            self._content if fits else Group(self._title, Text(), self._content),
            title=self._title if fits else None,
            title_align="left",
            subtitle=Text(self._aside) if self._aside else None,
            subtitle_align="right",
        )


def posted(message: Mapping[str, Any], view: View) -> Framed:
    """Draw a message of the Slack stand-in: `channel_name`, `ts`, `text`, `blocks`, `thread_ts`, `edited`."""
    notes = [say("a reply")] if message.get("thread_ts") else []
    notes += [say("edited")] if message.get("edited") else []
    title = say(", ").join([f"#{message['channel_name']}", *notes])
    return Framed(title, content(message["text"], message.get("blocks") or [], view), message["ts"])


def content(text: str, blocks: Sequence[Block], view: View) -> RenderableType:
    """Return what Slack shows of a message: its blocks, or if it has none, its text."""
    return Group(*_all(blocks, view)) if blocks else mrkdwn.drawn(text, view)


def _all(blocks: Sequence[Block], view: View) -> Parts:
    for block in blocks:
        yield from _DRAWN.get(str(block.get("type")), _named)(block, view)


def _named(block: Block, view: View) -> Parts:
    """Draw a block that cannot be shown here as its name and its texts."""
    name = safe(str(block.get("type"))).replace("_", " ")
    yield Text(" ").join([Text(f"({name})", DIM), *_words(block, view)])


def _words(tree: Any, view: View) -> Iterator[Text]:
    match tree:
        case {"type": "mrkdwn" | "plain_text"}:
            yield text_of(tree, view)
        case Mapping():
            for key, value in tree.items():
                if isinstance(value, str) and key not in ("type", "block_id", "action_id"):
                    yield text_of(value, view)
                else:
                    yield from _words(value, view)
        case list():
            for value in tree:
                yield from _words(value, view)


def _header(block: Block, view: View) -> Parts:
    yield text_of(block.get("text"), view, BOLD)


def _section(block: Block, view: View) -> Parts:
    text = block.get("text")
    if text:
        yield _prose(text, view)
    if fields := block.get("fields"):
        yield _fields(fields, view)
    if accessory := block.get("accessory"):
        yield elements.drawn(accessory, view)


def _prose(text: Any, view: View) -> RenderableType:
    is_mrkdwn = isinstance(text, Mapping) and text.get("type") == "mrkdwn"
    return mrkdwn.drawn(str(text["text"]), view) if is_mrkdwn else text_of(text, view)


def _fields(fields: Sequence[Any], view: View) -> Table:
    """Draw fields as two columns of the same width."""
    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for _ in range(2):
        table.add_column(ratio=1, overflow="fold")
    cells = [_prose(field, view) for field in fields]
    for at in range(0, len(cells), 2):
        table.add_row(*cells[at : at + 2])
    return table


def _context(block: Block, view: View) -> Parts:
    made = Text("  ").join(elements.drawn(one, view) for one in block.get("elements") or [])
    made.stylize_before(DIM)
    yield made


def _elements(block: Block, view: View) -> Parts:
    for element in block.get("elements") or []:
        yield elements.drawn(element, view)


def _markdown(block: Block, view: View) -> Parts:
    yield Markdown(with_emoji(safe(str(block.get("text", "")))), hyperlinks=view.clickable)


def _table(block: Block, view: View) -> Parts:
    """Draw a table with its first row as the header. Columns may be aligned."""
    if block.get("caption"):
        yield text_of(block["caption"], view, BOLD)
    rows = [[_cell(cell, view) for cell in row] for row in block.get("rows") or []]
    aligned = [(each or {}).get("align", "left") for each in block.get("column_settings") or []]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for number, head in enumerate(rows[0] if rows else []):
        table.add_column(head, justify=aligned[number] if number < len(aligned) else "left", overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    yield table


def _cell(cell: Block, view: View) -> RenderableType:
    match cell.get("type"):
        case "rich_text":
            return rich_text.drawn(cell, view)
        case "action_cell":
            return elements.drawn(cell["element"], view)
        case "raw_number":
            return Text(safe(str(cell.get("text") or cell.get("value"))))
    return Text(safe(str(cell.get("text", ""))))


def _chart(block: Block, view: View) -> Parts:
    """Draw a chart as a table of its numbers."""
    chart = block.get("chart") or {}
    yield text_of(block.get("title"), view, BOLD).append(f"  ({chart.get('type')} chart)", DIM)
    series = chart.get("series") or [{"name": "", "data": chart.get("segments") or []}]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_header=bool(chart.get("series")))
    for name in ("", *(one["name"] for one in series)):
        table.add_column(Text(safe(name)), justify="right" if table.columns else "left", overflow="fold")
    values = [{point["label"]: str(point["value"]) for point in one["data"]} for one in series]
    for label in values[0]:
        table.add_row(Text(safe(label)), *(Text(one.get(label, "")) for one in values))
    yield table


def _card(block: Block, view: View) -> Parts:
    yield Barred(Group(*_card_parts(block, view)))


def _card_parts(block: Block, view: View) -> Parts:
    yield from _lines(block, view, {"title": BOLD, "subtitle": Style.null()})
    for key in ("hero_image", "icon"):
        if picture := block.get(key):
            yield elements.image(picture, view)
    yield from _lines(block, view, {"body": Style.null(), "subtext": DIM})
    yield from _elements({"elements": block.get("actions")}, view)


def _lines(block: Block, view: View, keys: Mapping[str, Style]) -> Parts:
    """Draw the texts under these keys, in these styles."""
    for key, style in keys.items():
        if block.get(key):
            yield text_of(block[key], view, style)


def _carousel(block: Block, view: View) -> Parts:
    for card in block.get("elements") or []:
        yield from _card(card, view)


def _container(block: Block, view: View) -> Parts:
    titles = [*_lines(block, view, {"title": BOLD})]
    if block.get("rich_text_title"):
        titles = [rich_text.drawn(block["rich_text_title"], view)]
    yield Barred(Group(*titles, *_lines(block, view, {"subtitle": DIM}), *_all(block.get("child_blocks") or [], view)))


_SIGNS: Final = {"complete": "☑", "error": "☒"}


def _task(block: Block, view: View) -> Parts:
    yield Text(f"{_SIGNS.get(block.get('status', ''), '☐')} ").append_text(text_of(block.get("title"), view))
    for key in ("details", "output"):
        if block.get(key):
            yield Padding(rich_text.drawn(block[key], view), (0, 0, 0, 2))
    for source in block.get("sources") or []:
        yield Padding(mrkdwn.link(source["url"], safe(source["text"]), view), (0, 0, 0, 2))


def _plan(block: Block, view: View) -> Parts:
    yield text_of(block.get("title"), view, BOLD)
    for task in block.get("tasks") or []:
        yield from _task(task, view)


def _video(block: Block, view: View) -> Parts:
    yield Text("▶ ").append_text(text_of(block.get("title"), view, BOLD))
    yield from _lines(block, view, {"description": Style.null(), "author_name": DIM, "provider_name": DIM})
    yield Text(safe(str(block.get("title_url") or block.get("video_url"))), DIM)


def _input(block: Block, view: View) -> Parts:
    yield text_of(block.get("label"), view, BOLD)
    yield elements.drawn(block.get("element") or {}, view)
    yield from _lines(block, view, {"hint": DIM})


def _divider(_block: Block, _view: View) -> Parts:
    yield Rule(style="dim")


def _image(block: Block, view: View) -> Parts:
    yield elements.image(block, view)


def _rich_text(block: Block, view: View) -> Parts:
    yield rich_text.drawn(block, view)


_DRAWN: Final[dict[str, Callable[[Block, View], Parts]]] = {
    "actions": _elements,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "context": _context,
    "context_actions": _elements,
    "data_table": _table,
    "data_visualization": _chart,
    "divider": _divider,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task,
    "video": _video,
}
