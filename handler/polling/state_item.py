"""The state of a poll as values of an item, and back."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

from handler.delivery.item import Item
from handler.errors import NotifierError
from handler.model import Digest
from handler.polling.id_cursor import IdCursor, Mark, Sweep
from handler.polling.poll import Pending, PollState
from handler.polling.seen import Seen

# What only newer code reads gets another number.
FORMAT: Final = 1


def values(state: PollState) -> dict[str, str | float | bytes]:
    """Return the values of the item: texts, numbers and bytes. All names are there, so that none keeps an old value."""
    cursor, pending = state.cursor, state.pending
    rows = pending if isinstance(pending, Pending) else None
    digest = pending if isinstance(pending, Digest) else None
    return {
        "format": FORMAT,
        "epoch": state.epoch,
        "starts": state.starts,
        "top": cursor.top,
        "floor": cursor.floor,
        "seen": cursor.seen.encoded(),
        "marks": json.dumps([[mark.at, mark.top] for mark in cursor.marks]),
        "sweep": json.dumps([cursor.sweep.at, cursor.sweep.end, cursor.sweep.began] if cursor.sweep else None),
        "pending": rows.rows.encoded() if rows else "",
        "pending_late": rows.late.encoded() if rows else "",
        "canaries": json.dumps([*state.canaries.items()]),
        "behind_since": state.behind_since,
        "digest": json.dumps([digest.number, digest.count, digest.late, digest.first, digest.last] if digest else None),
    }


def read(item: Item) -> PollState:
    """Return what `values` was given; the revision is the item's. Raises NotifierError (POLL_STATE_UNREADABLE)."""
    written = item.number("format")
    if written != FORMAT:
        raise NotifierError("POLL_STATE_UNREADABLE", f"its format is {written:g}, and {FORMAT} is needed")
    try:
        return PollState(
            _cursor(item.values),
            _pending(item),
            {int(id_): str(created) for id_, created in json.loads(item.text("canaries") or "[]")},
            float(item.number("behind_since")),
            item.revision,
            int(item.number("epoch")),
            starts(item),
        )
    except (KeyError, TypeError, ValueError, zlib.error, struct.error) as error:
        raise NotifierError("POLL_STATE_UNREADABLE", f"it is damaged: {type(error).__name__}") from None


def _cursor(found: Mapping[str, Any]) -> IdCursor:
    sweep = json.loads(found["sweep"])
    return IdCursor(
        top=int(found["top"]),
        floor=int(found["floor"]),
        seen=Seen.decoded(found["seen"]),
        marks=tuple(Mark(at, top) for at, top in json.loads(found["marks"])),
        sweep=Sweep(*sweep) if sweep else None,
    )


def _pending(item: Item) -> Pending | Digest | None:
    digest = json.loads(item.text("digest"))
    if digest:
        return Digest(*digest)
    if rows := item.binary("pending"):
        return Pending(Seen.decoded(rows), Seen.decoded(item.binary("pending_late")))
    return None


def starts(item: Item) -> int:
    """Return how often somebody had started the poll by then, even of an item that cannot be read otherwise."""
    return int(item.number("starts"))
