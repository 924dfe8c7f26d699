"""Lists the notifications as a table: one line each in a pipe or a file; in a terminal with a description below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.compiler.files import printable
from cli.language import later, plural, say
from cli.preview import schedules
from cli.preview.catalogue import DEFAULT, Entry

# In a narrower terminal, each notification is a paragraph of lines.
NARROW: Final = 76
_GAP: Final = 2
_NOTIFICATION: Final = later("notification")
_EVENT: Final = later("event")
_CHANNELS: Final = later("channels")
_MENTIONS: Final = later("mentions")
_DATA: Final = later("data")
_POLL: Final = later("poll")
_OWNER: Final = later("owner")
_DESCRIPTION: Final = later("description")
_HOW: Final = {"fallback": later("{alias} (fallback)"), "redirected": later("{alias} (redirected)")}

Cells = Mapping[str, Text]


def draw(entries: Sequence[Entry], width: int | None) -> RenderableType:
    """Return the notifications for a terminal of this width; None: for a pipe or a file, one line each."""
    rows = [_cells(one) for one in entries]
    if width is None:
        return _lines(rows)
    about = [Text(line(one.description), "dim", overflow="ellipsis", no_wrap=True) for one in entries]
    return Group(*(_paragraphs(rows, about) if width < NARROW else _table([*map(_joined, rows)], about, width)))


def line(text: str) -> str:
    """Return a text on one line, with control characters escaped."""
    return printable(" ".join(text.split()))


def findings(entry: Entry) -> str:
    """Return the number of errors and warnings of a file, in words; empty if there are none."""
    counted = []
    if entry.errors:
        counted.append(plural("{count} error", "{count} errors", entry.errors))
    if entry.warnings:
        counted.append(plural("{count} warning", "{count} warnings", entry.warnings))
    return ", ".join(counted)


def _cells(entry: Entry) -> Cells:
    return {
        _NOTIFICATION: _name(entry),
        _EVENT: Text(entry.event if entry.event != entry.name else ""),
        _CHANNELS: Text(", ".join(_channels(entry)), "cyan"),
        _MENTIONS: Text(", ".join(_mentions(entry)), "magenta"),
        _DATA: Text(", ".join(dict.fromkeys(_data(entry)))),
        _POLL: Text(schedules.words(entry.poll) if entry.poll else ""),
        _OWNER: Text(line(entry.owner)),
        _DESCRIPTION: Text(line(entry.description)),
    }


def _joined(row: Cells) -> Cells:
    """Return the cells combined into the four columns that a terminal has room for."""
    labelled = {
        name: Text(f"{say(name)}: {row[name].plain}") if row[name].plain else Text() for name in (_EVENT, _POLL)
    }
    joined = {
        _NOTIFICATION: (row[_NOTIFICATION], labelled[_EVENT]),
        _CHANNELS: (row[_CHANNELS], row[_MENTIONS]),
        _DATA: (row[_DATA], labelled[_POLL]),
        _OWNER: (row[_OWNER],),
    }
    return {name: Text("\n").join(filter(None, parts)) for name, parts in joined.items()}


def _name(entry: Entry) -> Text:
    style = "bold red" if entry.errors else "yellow"
    return Text.assemble((entry.name, "bold"), (f" ✖ {found}" if (found := findings(entry)) else "", style))


def _channels(entry: Entry) -> Iterator[str]:
    """Yield the aliases; one that a stage does not list, or redirects, is marked."""
    found = dict.fromkeys(one.alias for staged in entry.stages for one in staged.channels)
    how = {one.alias: one.how for staged in entry.stages for one in staged.channels if one.how != "listed"}
    for alias in found:
        yield say(_HOW[how[alias]], alias=alias) if alias in how else alias


def _mentions(entry: Entry) -> Iterator[str]:
    yield from dict.fromkeys(f"@{one.alias or one.wakes}" for staged in entry.stages for one in staged.mentions)
    if entry.by_row:
        yield say("by the row")


def _data(entry: Entry) -> Iterator[str]:
    """Yield the tables and the APIs, with the name of the database or API if it is not the default."""
    for one in entry.lookups:
        if one.kind != "sql":
            yield "API" if one.place == DEFAULT else f"API {one.place}"
        else:
            yield from (table if one.place == DEFAULT else f"{one.place}: {table}" for table in one.tables)


def _used(rows: Sequence[Cells]) -> list[str]:
    return [name for name in rows[0] if any(row[name].plain for row in rows)]


def _lines(rows: Sequence[Cells]) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False)
    used = _used(rows)
    for name in used:
        table.add_column(say(name))
    for row in rows:
        table.add_row(*(row[name] for name in used))
    return table


def _table(rows: Sequence[Cells], about: Sequence[Text], width: int) -> Iterator[RenderableType]:
    used = _used(rows)
    heads = {name: Text(say(name), "dim") for name in used}
    widths = _widths([[row[name].plain for row in (heads, *rows)] for name in used], width)
    yield _grid(heads, used, widths)
    for row, text in zip(rows, about, strict=True):
        yield _grid(row, used, widths)
        yield from _indented(text)


def _widths(columns: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return column widths: the longest lines if they fit; else shrink to the longest words; else below that."""
    found = [max(cell_len(one) for text in column for one in text.splitlines() or [""]) for column in columns]
    words = [max(cell_len(one) for text in column for one in text.split() or [""]) for column in columns]
    for least in (words, [0] * len(found)):
        while sum(found) + _GAP * (len(found) - 1) > width:
            over = [size if size > bound else 0 for size, bound in zip(found, least, strict=True)]
            if not any(over):
                break
            found[over.index(max(over))] -= 1
    return found


def _grid(row: Cells, used: Sequence[str], widths: Sequence[int]) -> Table:
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    for width in widths:
        grid.add_column(width=width, overflow="fold")
    grid.add_row(*(row[name] for name in used))
    return grid


def _paragraphs(rows: Sequence[Cells], about: Sequence[Text]) -> Iterator[RenderableType]:
    for row, text in zip(rows, about, strict=True):
        yield row[_NOTIFICATION]
        yield from _indented(text)
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name in (_EVENT, _CHANNELS, _MENTIONS, _DATA, _POLL, _OWNER):
            if row[name].plain:
                grid.add_row(say(name), row[name])
        yield Padding(grid, (0, 0, 1, 2), expand=False)


def _indented(text: Text) -> Iterator[RenderableType]:
    if text.plain:
        yield Padding(text, (0, 0, 0, 2), expand=False)
