"""What a poll keeps between two runs: what it has seen of the table, and the events that are still to be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from handler.frozen import frozen
from handler.model import Digest
from handler.polling.id_cursor import IdCursor
from handler.polling.id_values import WatchedValue
from handler.polling.replica_lag import SeenVersions
from handler.polling.time_cursor import TimeCursor

# Bytes of the encoded `seen`. An item of the state table has at most 400 kB; the rest of it is for pending events. One
# scan finds at most two pages of ids more than run.MAX_EVENTS, and each id takes about seven bytes.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
SEEN_BYTES: Final = 170_000
# The first run leaves room for rows to come.
FIRST_BYTES: Final = SEEN_BYTES // 2


@frozen
class PolledRow:
    """An event of one row: it is new, or its watched value has changed from `change[0]` to `change[1]`.

    `key` distinguishes the event from others of the same row.
    """

    id: int | str
    late: bool = False
    change: tuple[WatchedValue, WatchedValue] | None = None
    key: str | None = None


@frozen
class Pending:
    """Events that the queue has not accepted yet; there is at least one."""

    rows: tuple[PolledRow, ...]


@frozen
class PollState:
    """What a poll keeps between two runs.

    `revision` counts the writes, and `epoch` how many times the ids restarted. `starts` is the number of the operator's
    last request that was carried out. `sentinels` has the creation time of some rows, by their ids.
    `counter_low_since` is the Unix time since which the table's counter has not been above the highest id that was
    read; 0 if it is above.

    Rows up to `resent_upto` that an operator asked for become one event each, however many there are, until all are
    found; 0 if there are none. `watched` is the expression that the values in `cursor` are of; empty if the poll
    watches no column. `seen_versions` says when some rows were changed. A poll by a time column has `timed` in place
    of `cursor`, and `resent_upto` is a time then.
    """

    cursor: IdCursor
    pending: Pending | Digest | None = None
    sentinels: Mapping[int, str] = field(default_factory=dict)
    counter_low_since: float = 0.0
    revision: int = 0
    epoch: int = 0
    starts: int = 0
    resent_upto: int = 0
    watched: str = ""
    seen_versions: SeenVersions = field(default_factory=dict)
    timed: TimeCursor | None = None


PolledEvent = PolledRow | Digest


def pending_events(pending: Pending | Digest) -> Sequence[PolledEvent]:
    """Return the events of these rows, in the order of the rows."""
    return [pending] if isinstance(pending, Digest) else pending.rows
