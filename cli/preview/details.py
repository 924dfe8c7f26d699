"""Shows everything about one notification in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.compiler.files import printable, shown
from cli.language import say
from cli.preview import schedules
from cli.preview.catalogue import Channel, Entry, Lookup, Polled, Route, Staged
from cli.preview.listing import findings, line


def draw(entry: Entry, folder: Path) -> RenderableType:
    """Return everything that a notification's file and the stages say, for the terminal."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in _facts(entry, folder):
        if value:
            grid.add_row(label, value)
    title = Text(entry.name, "bold")
    about = [Text(line(entry.description))] if entry.description else []
    return Group(title, *about, Padding(grid, (0, 0, 0, 2), expand=False))


def _facts(entry: Entry, folder: Path) -> Iterator[tuple[str, Text]]:
    path = shown(folder / entry.file)
    if found := findings(entry):
        told = say("{findings}. `notifier lint {path}` says where.", findings=found, path=path)
        yield say("findings"), Text(told, "bold red" if entry.errors else "yellow")
    yield say("file"), Text(path)
    yield say("event"), Text(entry.event)
    yield say("owner"), Text(line(entry.owner))
    yield say("id"), Text(entry.pattern or entry.id)
    yield say("only if"), Text(line(entry.when))
    if any(one.when for one in entry.routes):
        yield say("route"), _lines([_route(one) for one in entry.routes])
    for staged in entry.stages:
        yield say("stage"), _staged(staged)
    yield say("mentions"), Text(say("also whom a value of the row names") if entry.by_row else "")
    for one in entry.lookups:
        yield say("lookup"), _lookup(one)
    yield say("poll"), _poll(entry.poll) if entry.poll else Text()
    yield say("thread"), Text(line(entry.thread))
    yield "", Text(say("later messages edit the first one") if entry.update else "")
    yield say("version"), Text(line(entry.version))
    yield say("time zone"), Text(entry.time_zone)
    yield say("language"), Text(entry.language)
    yield say("samples"), _lines([Text(line(name)) for name in entry.samples])


def _lines(parts: list[Text]) -> Text:
    return Text("\n").join(parts)


def _route(route: Route) -> Text:
    channels = ", ".join(route.channels)
    if route.when:
        return Text(say("{channels} if {condition}", channels=channels, condition=line(route.when)))
    return Text(say("{channels} otherwise", channels=channels))


def _staged(staged: Staged) -> Text:
    channels = [Text.assemble((one.alias, "cyan"), f" → {one.destination}{_how(one)}") for one in staged.channels]
    mentions = [
        Text.assemble((f"@{one.alias or one.wakes}", "magenta"), f" → {one.wakes or say('nobody')}")
        for one in staged.mentions
    ]
    return _lines([Text(staged.stage, "bold"), *channels, *mentions])


def _how(channel: Channel) -> str:
    return {
        "fallback": say(" (the fallback: the stage does not list the alias)"),
        "redirected": say(" (the stage redirects everything)"),
    }.get(channel.how, "")


def _lookup(one: Lookup) -> Text:
    is_sql = one.kind == "sql"
    place = _database(one.place) if is_sql else say("API {name}", name=one.place)
    source = one.source if is_sql else f"{one.kind.upper().replace('_', ' ')} {one.source}"
    expects = say("expects {expect}", expect=one.expect)
    return Text.assemble((one.name, "bold"), (f"  {place}, {expects}", "dim"), "\n", _block(source))


def _poll(poll: Polled) -> Text:
    return Text.assemble(schedules.words(poll), (f"  {_database(poll.place)}", "dim"), "\n", _block(poll.source))


def _database(name: str) -> str:
    return say("database {name}", name=name)


def _block(source: str) -> str:
    """Return a text of several lines without the empty lines that removed comments have left."""
    return "\n".join(printable(one.rstrip()) for one in source.splitlines() if one.strip())
