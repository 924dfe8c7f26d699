"""Collects everything that people ask about the notifications of a folder, for a terminal, a page or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from cli.compiler import Severity
from cli.compiler.sql import reading
from cli.compiler.template import Template
from cli.preview import mentions
from cli.preview.selection import Selection
from handler import model
from handler.catalog import Stage

DEFAULT: Final = "default"  # the name of a database or an API that needs none
_Counted = Counter[tuple[str, Severity]]


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages to an alias go in a stage: it lists the alias, uses its fallback, or redirects everything."""

    alias: str
    destination: str
    how: Literal["listed", "fallback", "redirected"]


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Whom a mention notifies in a stage: a Slack id, or here, channel or everyone; empty if nobody.

    `alias` is empty for a mention in Slack's own form, such as <!here>.
    """

    alias: str
    wakes: str


@dataclass(frozen=True, slots=True)
class Staged:
    """The parts of a notification that depend on the stage."""

    stage: str
    channels: tuple[Channel, ...]
    mentions: tuple[Mentioned, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A condition, and the aliases that a message goes to if it holds. An empty condition always holds."""

    when: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A lookup: `source` is its SELECT or path, `place` the name of its database or API.

    `tables` are those in the SELECT.
    """

    name: str
    kind: Literal["sql", "get", "get_all"]
    source: str
    place: str
    tables: tuple[str, ...]
    expect: model.Expect


@dataclass(frozen=True, slots=True)
class Polled:
    """When and from where new rows become events: every `every` seconds, or by `cron` in `time_zone`.

    An empty `time_zone` is that of the stage, an empty `table` is unclear. Each change of the expression `watched` is
    an event; `at` is the time column by which rows are found. Both may be empty.
    """

    every: float | None
    cron: str
    time_zone: str
    place: str
    source: str
    table: str
    column: str
    watched: str
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A notification. Empty texts are keys that its file does not have.

    `id` is integer, uuid or pattern; the last has its regular expression in `pattern`. `by_row`: a row's value decides
    whom else it mentions. For a file that cannot be read, only its name and the number of findings are set.
    """

    name: str
    file: str
    event: str = ""
    description: str = ""
    owner: str = ""
    language: str = ""
    time_zone: str = ""
    id: str = ""
    pattern: str = ""
    when: str = ""
    routes: tuple[Route, ...] = ()
    stages: tuple[Staged, ...] = ()
    by_row: bool = False
    lookups: tuple[Lookup, ...] = ()
    poll: Polled | None = None
    thread: str = ""
    update: bool = False
    version: str = ""
    samples: tuple[str, ...] = ()
    errors: int = 0
    warnings: int = 0

    @property
    def is_read(self) -> bool:
        """Return whether the file could be read."""
        return bool(self.event)


def entries(selection: Selection) -> tuple[Entry, ...]:
    """Return the chosen notifications by name, including those whose files cannot be read."""
    compilation = selection.compilation
    counted: _Counted = Counter((one.file, one.severity) for one in compilation.findings)
    found = [_entry(one, selection.stages, counted) for one in selection.templates]
    found += [_unread(name, counted) for name in selection.unread]
    return tuple(sorted(found, key=lambda one: one.name))


def document(selection: Selection, found: Sequence[Entry]) -> dict[str, Any]:
    """Return the entries as JSON values, with the names of the chosen stages."""
    return {"stages": [one.name for one in selection.stages], "notifications": [asdict(one) for one in found]}


def _unread(name: str, counted: _Counted) -> Entry:
    file = f"{name}.yaml"
    return Entry(name, file, errors=counted[file, "error"], warnings=counted[file, "warning"])


def _entry(template: Template, stages: Sequence[Stage], counted: _Counted) -> Entry:
    one, file = template.notification, f"{template.notification.name}.yaml"
    mentioned = mentions.of(one)
    return Entry(
        name=one.name,
        file=file,
        event=one.event,
        description=template.description,
        owner=template.owner,
        language=one.language,
        time_zone=one.time_zone,
        id=one.id.kind,
        pattern=one.id.pattern,
        when=_source(one.when, template),
        routes=tuple(Route(_source(route.when, template), tuple(route.channels)) for route in one.routes),
        stages=tuple(_staged(one, mentioned, stage) for stage in stages),
        by_row=mentions.BY_ROW in mentioned,
        lookups=tuple(map(_lookup, one.lookups)),
        poll=polled(one.poll) if one.poll else None,
        thread=_source(one.thread, template),
        update=one.update,
        version=_source(one.version, template),
        samples=tuple(sample.name for sample in template.samples),
        errors=counted[file, "error"],
        warnings=counted[file, "warning"],
    )


def _source(leaf: model.Leaf | None, template: Template) -> str:
    """Return the text of a leaf in the file, even if a stand-in has replaced it."""
    return template.nodes[leaf.where].text.strip() if leaf else ""


def _staged(one: model.Notification, mentioned: Sequence[mentions.Mention], stage: Stage) -> Staged:
    aliases = dict.fromkeys(alias for route in one.routes for alias in route.channels)
    people = stage.locale.mentions
    return Staged(
        stage=stage.name,
        channels=tuple(_channel(alias, stage) for alias in aliases),
        mentions=tuple(
            Mentioned(alias, target or people.get(alias, "")) for alias, target in mentioned if alias or target
        ),
    )


def _channel(alias: str, stage: Stage) -> Channel:
    destination, _ = stage.destination(alias)
    if stage.redirect:
        return Channel(alias, destination, "redirected")
    return Channel(alias, destination, "listed" if alias in stage.channels else "fallback")


def _lookup(one: model.Lookup) -> Lookup:
    if isinstance(one, model.ApiLookup):
        kind: Literal["get", "get_all"] = "get_all" if one.all else "get"
        return Lookup(one.name, kind, one.path.source.strip(), one.api, (), one.expect)
    sql = reading.written(one.sql)
    return Lookup(one.name, "sql", sql, one.database, reading.tables(sql), one.expect)


def polled(poll: model.Poll) -> Polled:
    """Return what people ask about a poll."""
    return Polled(
        every=None if poll.cron else poll.every,
        cron=poll.cron,
        time_zone=poll.time_zone,
        place=poll.database,
        source=reading.written(poll.sql),
        table=poll.table,
        column=poll.column,
        watched=poll.watched,
        at=poll.at,
    )
