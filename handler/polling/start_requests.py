"""Requests of an operator to change what a poll has seen. A run carries one out by one write of the state.

The state holds the number of the last request that was carried out. So each is carried out once, even if a run is
killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from handler.errors import NotifierError
from handler.model import Poll
from handler.polling import state_item, time_scan
from handler.polling.id_cursor import IdCursor
from handler.polling.id_reuse import sample_ids
from handler.polling.run import require_same_cursor
from handler.polling.schedule import RESEND, REWIND, TIME, Schedule
from handler.polling.state import FIRST_BYTES, PollState
from handler.polling.table import Table
from handler.polling.time_cursor import SECOND, row_source
from handler.state_item import Item


def is_requested(schedule: Schedule, state: Item) -> bool:
    """Return whether there is a request that no run has carried out yet."""
    return schedule.starts > state_item.starts(state)


def restarts(schedule: Schedule, state: Item | None) -> bool:
    """Return whether the next run counts the present rows as seen. So does the first run, which has no state."""
    return state is None or (is_requested(schedule, state) and schedule.start_mode != REWIND)


def initial_state(table: Table, schedule: Schedule, now: float, in_time: Callable[[], bool]) -> PollState:
    """Return a state that counts the present rows as seen, except those that are to be sent.

    These are the rows since the template's `start` in the first run, and those that the operator asked for in others.
    Raises as Table and `rewound` do.
    """
    if schedule.start_mode == RESEND:
        _require_kind(schedule, table.poll)
    start = None if schedule.starts else table.poll.start
    state = _by_time(table, start, now) if table.poll.at else _by_id(table, start, in_time)
    state = replace(state, epoch=schedule.epoch, starts=schedule.starts)
    return rewound(state, table.poll, schedule) if schedule.start_mode == RESEND else state


def _by_id(table: Table, start: float | None, in_time: Callable[[], bool]) -> PollState:
    cursor = table.cursor_at_end(in_time).within(FIRST_BYTES) if start is None else table.cursor_since(start, in_time)
    sentinels = table.created({*sample_ids(cursor.seen.ids), table.lowest()})
    return PollState(cursor, sentinels=sentinels, watched=table.poll.watched)


def _by_time(table: Table, start: float | None, now: float) -> PollState:
    poll = table.poll
    cursor = time_scan.first_cursor(table.page, poll.longest, round(now * SECOND), row_source(poll))
    if start is not None:
        cursor = cursor.rewound(round(start * SECOND), poll.longest)
    return PollState(IdCursor.at(0), timed=cursor)


def rewound(state: PollState, poll: Poll, schedule: Schedule) -> PollState:
    """Return a state that counts the rows above `schedule.above` as new. Each of them becomes an event of its own.

    Raises NotifierError (POLL_CURSOR_CHANGED) if the poll finds rows in another way than before.
    """
    require_same_cursor(state.timed, poll)
    _require_kind(schedule, poll)
    state = replace(state, starts=schedule.starts)
    if state.timed is None:
        upto = max(state.resent_upto, state.cursor.top)
        return replace(state, cursor=state.cursor.rewound(schedule.above), resent_upto=upto)
    timed = state.timed.rewound(schedule.above + 1, poll.longest)
    # Each row is one event, even if all times are in the future, and so there is no watermark yet.
    upto = max(state.resent_upto, state.timed.watermark, 1)
    return replace(state, timed=timed, resent_upto=upto)


def _require_kind(schedule: Schedule, poll: Poll) -> None:
    """Raise NotifierError (POLL_CURSOR_CHANGED) if the request is for ids and the poll is by time, or the reverse.

    Then the template was changed after the request. An id would be a time in 1970, and a time an id no table has.
    """
    if bool(poll.at) != (schedule.above_kind == TIME):
        raise NotifierError("POLL_CURSOR_CHANGED", f"asked for by {schedule.above_kind}, by {poll.at or 'id'} now")
