"""The state of a poll as an item of the state table: written, and read back."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from handler.errors import NotifierError
from handler.model import Digest
from handler.polling import stored_names, time_cursor
from handler.polling.id_cursor import IdCursor, Sweep, Watermark
from handler.polling.id_set import IdSet
from handler.polling.id_values import UNKNOWN, IdValues
from handler.polling.replica_lag import SeenVersion, SeenVersions
from handler.polling.state import Pending, PolledRow, PollState
from handler.polling.time_cursor import StartPosition, TimeCursor, TimedRow
from handler.state_item import Item

# A format that older code cannot read gets a new number. The first had no values; the third is for polls by a time.
FORMAT: Final = 2
_WITHOUT_VALUES: Final = 1
_BY_TIME: Final = 3


def values(state: PollState) -> dict[str, str | float | bytes]:
    """Return the values of the item: texts, numbers and bytes. Every name is present, so no old value remains."""
    cursor, pending = state.cursor, state.pending
    rows = pending if isinstance(pending, Pending) else None
    digest = pending if isinstance(pending, Digest) else None
    return {
        stored_names.FORMAT: _BY_TIME if state.timed else FORMAT,
        stored_names.EPOCH: state.epoch,
        stored_names.STARTS: state.starts,
        stored_names.TOP: cursor.top,
        stored_names.FLOOR: cursor.floor,
        stored_names.SEEN: cursor.seen.encoded(),
        stored_names.MARKS: json.dumps([[watermark.at, watermark.top] for watermark in cursor.watermarks]),
        stored_names.SWEEP: json.dumps(_sweep(cursor.sweep)),
        stored_names.PENDING: _packed(rows) if rows else "",
        stored_names.CANARIES: json.dumps([*state.sentinels.items()]),
        stored_names.BEHIND_SINCE: state.counter_low_since,
        stored_names.WATCHED: state.watched,
        stored_names.MOMENTS: _packed_versions(state.seen_versions),
        stored_names.RESENT_UPTO: state.resent_upto,
        stored_names.TIMED: json.dumps(_timed(state.timed), ensure_ascii=False) if state.timed else "",
        stored_names.TIMED_SEEN: (state.timed and state.timed.encoded()) or "",
        stored_names.DIGEST: json.dumps(_digest(digest)),
    }


def read(item: Item) -> PollState:
    """Return the state that `values` has written, with the item's revision.

    Raises NotifierError (POLL_STATE_UNREADABLE).
    """
    written = item.number(stored_names.FORMAT)
    if written not in (_WITHOUT_VALUES, FORMAT, _BY_TIME):
        raise NotifierError("POLL_STATE_UNREADABLE", f"its format is {written:g}, and {_BY_TIME} is needed")
    try:
        return PollState(
            _cursor(item.values),
            _pending(item),
            {int(id_): str(created) for id_, created in json.loads(item.text(stored_names.CANARIES) or "[]")},
            float(item.number(stored_names.BEHIND_SINCE)),
            item.revision,
            int(item.number(stored_names.EPOCH)),
            starts(item),
            int(item.number(stored_names.RESENT_UPTO)),
            item.text(stored_names.WATCHED),
            _seen_versions(item.binary(stored_names.MOMENTS)),
            _time_cursor(item) if written == _BY_TIME else None,
        )
    except (KeyError, TypeError, ValueError, zlib.error, struct.error) as error:
        raise NotifierError("POLL_STATE_UNREADABLE", f"it is damaged: {type(error).__name__}") from None


def _cursor(found: Mapping[str, Any]) -> IdCursor:
    sweep = json.loads(found[stored_names.SWEEP])
    return IdCursor(
        top=int(found[stored_names.TOP]),
        floor=int(found[stored_names.FLOOR]),
        seen=_seen(found),
        watermarks=tuple(Watermark(at, top) for at, top in json.loads(found[stored_names.MARKS])),
        sweep=Sweep(*sweep) if sweep else None,
    )


def _sweep(sweep: Sweep | None) -> list[float] | None:
    return [sweep.at, sweep.end, sweep.began] if sweep else None


def _digest(digest: Digest | None) -> list[int | str] | None:
    return [digest.number, digest.count, digest.late, digest.first, digest.last] if digest else None


def _timed(cursor: TimeCursor) -> list[Any]:
    floor, last = cursor.floor, cursor.last
    begin = floor and [floor.at, _timed_row(floor.row)]
    return [cursor.watermark, cursor.row_source, cursor.unit, begin, cursor.since, _timed_row(last)]


def _timed_row(row: TimedRow | None) -> list[Any] | None:
    return [row.id, row.at, row.text] if row else None


def _time_cursor(item: Item) -> TimeCursor:
    watermark, row_source, unit, begin, since, last = json.loads(item.text(stored_names.TIMED))
    seen = time_cursor.decoded(item.binary(stored_names.TIMED_SEEN))
    floor = StartPosition(begin[0], unit, begin[1] and TimedRow(*begin[1])) if begin else None
    return TimeCursor(watermark, row_source, unit, floor, seen, since, TimedRow(*last) if last else None)


def _pending(item: Item) -> Pending | Digest | None:
    digest = json.loads(item.text(stored_names.DIGEST))
    if digest:
        return Digest(*digest)
    rows = item.binary(stored_names.PENDING)
    if rows and item.number(stored_names.FORMAT) == _WITHOUT_VALUES:
        late = {*IdSet.decoded(item.binary(stored_names.PENDING_LATE))}
        return Pending(tuple(PolledRow(id_, id_ in late) for id_ in IdSet.decoded(rows)))
    return _unpacked(rows) if rows else None


def _packed(pending: Pending) -> bytes:
    """Compress the rows, column by column: ids as deltas, texts dictionary encoded."""
    rows = pending.rows
    olds, news = [row.change and row.change[0] for row in rows], [row.change and row.change[1] for row in rows]
    flags = [row.late + 2 * (row.change is not None) for row in rows]
    texts = (olds, news, [row.key for row in rows])
    columns = [_deltas(rows), flags, *map(_dictionary_encoded, texts)]
    return zlib.compress(json.dumps(columns, separators=(",", ":"), ensure_ascii=False).encode())


def _deltas(rows: Sequence[PolledRow]) -> list[int] | list[str | int]:
    """Return the ids; if all are numbers, each as the difference from the one before."""
    ids = [row.id for row in rows]
    numbers = [id_ for id_ in ids if isinstance(id_, int)]
    if len(numbers) < len(ids):
        return ids
    return [id_ - before for id_, before in zip(numbers, (0, *numbers), strict=False)]


def _dictionary_encoded(column: Sequence[str | None]) -> tuple[list[str | None], list[int]]:
    """Return the distinct texts of a column, and the number of each row's text."""
    numbers = {text: number for number, text in enumerate(dict.fromkeys(column))}
    return [*numbers], [numbers[text] for text in column]


def _unpacked(data: bytes) -> Pending:
    ids, flags, *columns = json.loads(zlib.decompress(data))
    olds, news, keys = ([texts[number] for number in numbers] for texts, numbers in columns)
    changes = [change if flag & 2 else None for flag, change in zip(flags, zip(olds, news, strict=True), strict=True)]
    if all(isinstance(id_, int) for id_ in ids):
        ids = accumulate(ids)
    return Pending(tuple(map(PolledRow, ids, [bool(flag & 1) for flag in flags], changes, keys)))


def _packed_versions(seen_versions: SeenVersions) -> bytes:
    return zlib.compress(json.dumps([[id_, *version] for id_, version in seen_versions.items()]).encode())


def _seen_versions(data: bytes) -> SeenVersions:
    found = json.loads(zlib.decompress(data)) if data else []
    return {id_: SeenVersion(at, found_at) for id_, at, found_at in found}


def _seen(found: Mapping[str, Any]) -> IdValues:
    if found[stored_names.FORMAT] == _WITHOUT_VALUES:
        return IdValues({UNKNOWN: ids} if (ids := IdSet.decoded(found[stored_names.SEEN])) else {})
    return IdValues.decoded(found[stored_names.SEEN])


def starts(item: Item) -> int:
    """Return how many requests of operators were carried out, even if the rest of the item cannot be read."""
    return int(item.number(stored_names.STARTS))
