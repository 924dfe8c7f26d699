"""The state of a poll as values of an item, and back."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from handler.errors import NotifierError
from handler.model import Digest
from handler.polling import time_cursor
from handler.polling.id_cursor import IdCursor, Mark, Sweep
from handler.polling.poll import Pending, PolledRow, PollState
from handler.polling.replicas import Moment, Moments
from handler.polling.seen import Seen
from handler.polling.time_cursor import From, TimeCursor, TimedRow
from handler.polling.values import UNKNOWN, Values
from handler.state_item import Item

# What only newer code reads gets another number. The first format had no values; the third is of a poll by a time.
FORMAT: Final = 2
_WITHOUT_VALUES: Final = 1
_BY_TIME: Final = 3


def values(state: PollState) -> dict[str, str | float | bytes]:
    """Return the values of the item: texts, numbers and bytes. All names are there, so that none keeps an old value."""
    cursor, pending = state.cursor, state.pending
    rows = pending if isinstance(pending, Pending) else None
    digest = pending if isinstance(pending, Digest) else None
    return {
        "format": _BY_TIME if state.timed else FORMAT,
        "epoch": state.epoch,
        "starts": state.starts,
        "top": cursor.top,
        "floor": cursor.floor,
        "seen": cursor.seen.encoded(),
        "marks": json.dumps([[mark.at, mark.top] for mark in cursor.marks]),
        "sweep": json.dumps([cursor.sweep.at, cursor.sweep.end, cursor.sweep.began] if cursor.sweep else None),
        "pending": _packed(rows) if rows else "",
        "canaries": json.dumps([*state.canaries.items()]),
        "behind_since": state.behind_since,
        "watched": state.watched,
        "moments": zlib.compress(json.dumps([[id_, *moment] for id_, moment in state.moments.items()]).encode()),
        "resent_upto": state.resent_upto,
        "timed": json.dumps(_timed(state.timed), ensure_ascii=False) if state.timed else "",
        "timed_seen": (state.timed and state.timed.encoded()) or "",
        "digest": json.dumps([digest.number, digest.count, digest.late, digest.first, digest.last] if digest else None),
    }


def read(item: Item) -> PollState:
    """Return what `values` was given; the revision is the item's. Raises NotifierError (POLL_STATE_UNREADABLE)."""
    written = item.number("format")
    if written not in (_WITHOUT_VALUES, FORMAT, _BY_TIME):
        raise NotifierError("POLL_STATE_UNREADABLE", f"its format is {written:g}, and {_BY_TIME} is needed")
    try:
        return PollState(
            _cursor(item.values),
            _pending(item),
            {int(id_): str(created) for id_, created in json.loads(item.text("canaries") or "[]")},
            float(item.number("behind_since")),
            item.revision,
            int(item.number("epoch")),
            starts(item),
            int(item.number("resent_upto")),
            item.text("watched"),
            _moments(item.binary("moments")),
            _time_cursor(item) if written == _BY_TIME else None,
        )
    except (KeyError, TypeError, ValueError, zlib.error, struct.error) as error:
        raise NotifierError("POLL_STATE_UNREADABLE", f"it is damaged: {type(error).__name__}") from None


def _cursor(found: Mapping[str, Any]) -> IdCursor:
    sweep = json.loads(found["sweep"])
    return IdCursor(
        top=int(found["top"]),
        floor=int(found["floor"]),
        seen=_seen(found),
        marks=tuple(Mark(at, top) for at, top in json.loads(found["marks"])),
        sweep=Sweep(*sweep) if sweep else None,
    )


def _timed(cursor: TimeCursor) -> list[Any]:
    floor, last = cursor.floor, cursor.last
    begin = floor and [floor.at, _timed_row(floor.row)]
    return [cursor.mark, cursor.basis, cursor.unit, begin, cursor.since, _timed_row(last)]


def _timed_row(row: TimedRow | None) -> list[Any] | None:
    return [row.id, row.at, row.text] if row else None


def _time_cursor(item: Item) -> TimeCursor:
    mark, basis, unit, begin, since, last = json.loads(item.text("timed"))
    seen = time_cursor.decoded(item.binary("timed_seen"))
    floor = From(begin[0], unit, begin[1] and TimedRow(*begin[1])) if begin else None
    return TimeCursor(mark, basis, unit, floor, seen, since, TimedRow(*last) if last else None)


def _pending(item: Item) -> Pending | Digest | None:
    digest = json.loads(item.text("digest"))
    if digest:
        return Digest(*digest)
    rows = item.binary("pending")
    if rows and item.number("format") == _WITHOUT_VALUES:
        late = {*Seen.decoded(item.binary("pending_late"))}
        return Pending(tuple(PolledRow(id_, id_ in late) for id_ in Seen.decoded(rows)))
    return _unpacked(rows) if rows else None


def _packed(pending: Pending) -> bytes:
    """The rows column by column, ids as distances from the one before, texts by number: so they are small."""
    rows = pending.rows
    olds, news = [row.change and row.change[0] for row in rows], [row.change and row.change[1] for row in rows]
    flags = [row.late + 2 * (row.change is not None) for row in rows]
    columns = [_apart(rows), flags, *(_numbered(column) for column in (olds, news, [row.key for row in rows]))]
    return zlib.compress(json.dumps(columns, separators=(",", ":"), ensure_ascii=False).encode())


def _apart(rows: Sequence[PolledRow]) -> list[int] | list[str | int]:
    """The ids, each as its distance from the one before if all are numbers."""
    ids = [row.id for row in rows]
    numbers = [id_ for id_ in ids if isinstance(id_, int)]
    if len(numbers) < len(ids):
        return ids
    return [id_ - before for id_, before in zip(numbers, (0, *numbers), strict=False)]


def _numbered(column: Sequence[str | None]) -> tuple[list[str | None], list[int]]:
    """The different texts of a column, and for each row the number of its text."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(column))}
    return [*numbers], [numbers[text] for text in column]


def _unpacked(data: bytes) -> Pending:
    ids, flags, *columns = json.loads(zlib.decompress(data))
    olds, news, keys = ([texts[number] for number in numbers] for texts, numbers in columns)
    changes = [change if flag & 2 else None for flag, change in zip(flags, zip(olds, news, strict=True), strict=True)]
    if all(isinstance(id_, int) for id_ in ids):
        ids = accumulate(ids)
    return Pending(tuple(map(PolledRow, ids, [bool(flag & 1) for flag in flags], changes, keys)))


def _moments(data: bytes) -> Moments:
    found = json.loads(zlib.decompress(data)) if data else []
    return {id_: Moment(at, found_at) for id_, at, found_at in found}


def _seen(found: Mapping[str, Any]) -> Values:
    if found["format"] == _WITHOUT_VALUES:
        return Values({UNKNOWN: ids} if (ids := Seen.decoded(found["seen"])) else {})
    return Values.decoded(found["seen"])


def starts(item: Item) -> int:
    """Return how many times somebody had started the poll by then, even of an item that cannot be read otherwise."""
    return int(item.number("starts"))
