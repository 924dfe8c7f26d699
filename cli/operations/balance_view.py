"""Shows a balance in a terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.language import later, plural, say
from cli.operations import times
from cli.operations.audit import Result
from cli.operations.rows import Row
from handler.delivery.records import PHASE_WORDS

# The most lost deliveries that are listed; --json lists all.
SHOWN: Final = 20
_MISSING: Final = later(
    "{count:,} missing: were some published twice under one event_id? Else ask `notifier explain` for the message ids "
    "that the publisher logged."
)
_EXTRA: Final = later("{count:,} too many: were some sent to the queue without the topic?")


def draw(result: Result) -> RenderableType:
    """Return a balance for the terminal."""
    title = Text.assemble((result.stack, "bold"), (say("  since {day}", day=times.day(result.since)), "dim"))
    return Group(title, Text(), Padding(_counts(result), (0, 0, 0, 2)), *_verdicts(result))


def document(result: Result) -> dict[str, Any]:
    """Return a balance as JSON values. Times are ISO 8601 in UTC."""
    books = result.books
    counted = ("delivered", "suppressed", "parked", "late", "events", "notices")
    return {
        "stack": result.stack,
        "since": times.iso(result.since),
        "until": times.iso(result.until),
        "received": result.received,
        "queued": result.queued,
        "unrecorded": result.unrecorded,
        **{name: getattr(books, name) for name in counted},
        "lost": [_row(row) for row in books.lost],
        "queue": asdict(result.queue) if result.queue else None,
        "dead_letters": asdict(result.dead_letters),
        "published": {"count": result.published, "seen": result.seen, "difference": result.difference},
        "unbalanced": result.unbalanced,
        "notes": list(result.notes),
    }


def _counts(result: Result) -> Table:
    books = result.books
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    events = books.events + result.unrecorded
    table.add_row(say("received"), f"{result.received:,}", say("deliveries of {events:,} events", events=events))
    table.add_row(say("delivered"), f"{books.delivered:,}", _notices(books.notices))
    table.add_row(say("suppressed"), f"{books.suppressed:,}", "")
    letters = say(
        "of {events:,} events; the dead-letter queue holds {messages:,} messages",
        events=books.parked_events,
        messages=result.dead_letters.total,
    )
    table.add_row(say("parked"), Text(f"{books.parked:,}", "yellow" if books.parked else ""), letters)
    table.add_row(say("queued"), f"{result.queued:,}", say("; ").join(_queued(result)))
    table.add_row(say("lost"), Text(f"{len(books.lost):,}", "bold red" if books.lost else "bold green"), "")
    return table


def _queued(result: Result) -> Iterator[str]:
    if result.queue:
        yield say("the queue holds {messages}", messages=result.queue.words)
    else:
        yield say("in Lambda's own queue, whose length is not known")
    if result.unrecorded:
        yield say("{count:,} not yet in the state table", count=result.unrecorded)
    if result.books.late:
        yield say("{count:,} late", count=result.books.late)


def _notices(count: int) -> str:
    if not count:
        return ""
    return plural("and {count:,} notice about broken templates", "and {count:,} notices about broken templates", count)


def _verdicts(result: Result) -> Iterator[RenderableType]:
    books = result.books
    ends = (books.delivered, books.suppressed, books.parked, result.queued)
    total = " + ".join(f"{count:,}" for count in ends)
    yield Text()
    if books.lost:
        told = say("{count:,} came in, and only {total} are accounted for. Lost:", count=result.received, total=total)
        yield Text(f"✖ {told}", "bold red")
        yield Padding(_lost(result), (0, 0, 0, 2))
    else:
        yield Text.assemble(("✔ ", "bold green"), f"{result.received:,} = {total}")
    if result.published is not None:
        yield _published(result)
    for note in result.notes:
        yield Text(note, "yellow")


def _lost(result: Result) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in (say("last seen"), "event_id", say("delivery")):
        table.add_column(column, overflow="fold")
    for row in result.books.lost[:SHOWN]:
        key, record = row.key, row.record
        channel = f" → {key.channel}" if key.channel else ""
        delivery = Text.assemble(f"{record.event_type} {record.event_id}", (f"\n{key.notification}{channel}", "dim"))
        table.add_row(times.short(record.at), key.event, delivery)
    if (more := len(result.books.lost) - SHOWN) > 0:
        table.add_row("", say("and {count} more", count=more), "")
    return table


def _published(result: Result) -> Text:
    told = say(
        "published {published:,}, by the topic's metric; {seen:,} events seen",
        published=result.published,
        seen=result.seen,
    )
    if not result.difference:
        return Text.assemble(("✔ ", "bold green"), told)
    hint = say(_MISSING if result.difference > 0 else _EXTRA, count=abs(result.difference))
    return Text.assemble(("✖ ", "bold red"), told, say(". A hint, and no proof: {hint}", hint=hint))


def _row(row: Row) -> dict[str, Any]:
    named = {"event_id": row.key.event, "notification": row.key.notification, "channel": row.key.channel}
    entry = {
        "type": row.record.event_type,
        "id": row.record.event_id,
        "phase": PHASE_WORDS[row.record.phase],
        "code": row.record.code,
    }
    return {**named, **entry, "at": times.iso(row.record.at)}
