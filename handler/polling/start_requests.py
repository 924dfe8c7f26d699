"""What somebody on call asks for of what a poll has seen. A run carries it out by one write of the state.

The state holds the number of the start that it carried out last. So it is carried out once, even if the run is killed.
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
    """Whether somebody asked for a change that no run has carried out yet."""
    return schedule.starts > state_item.starts(state)


def restarts(schedule: Schedule, state: Item | None) -> bool:
    """Whether the next run takes the rows that are there as seen. The first one does, for which there is no state."""
    return state is None or (is_requested(schedule, state) and schedule.start_mode != REWIND)


def initial_state(table: Table, schedule: Schedule, now: float, in_time: Callable[[], bool]) -> PollState:
    """Return a state for which the rows that are there are seen, except those that are to be sent.

    The first run sends those that the template's `start` says, others those that somebody asked for. Raises as
    Table and `rewound` do.
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
    """Return a state for which the rows above `schedule.above` are new, each of them as an event of its own.

    Raises NotifierError (POLL_CURSOR_CHANGED) if the poll finds rows in another way than before.
    """
    require_same_cursor(state.timed, poll)
    _require_kind(schedule, poll)
    state = replace(state, starts=schedule.starts)
    if state.timed is None:
        upto = max(state.resent_upto, state.cursor.top)
        return replace(state, cursor=state.cursor.rewound(schedule.above), resent_upto=upto)
    timed = state.timed.rewound(schedule.above + 1, poll.longest)
    # Its rows are one event each, also if all of their times are in the future, so that there is no mark yet.
    upto = max(state.resent_upto, state.timed.watermark, 1)
    return replace(state, timed=timed, resent_upto=upto)


def _require_kind(schedule: Schedule, poll: Poll) -> None:
    """Raise NotifierError (POLL_CURSOR_CHANGED) if somebody asked for rows above an id, and they have times, or not.

    The template was changed after that. An id would be a time in 1970, and a time an id that no table has.
    """
    if bool(poll.at) != (schedule.above_kind == TIME):
        raise NotifierError("POLL_CURSOR_CHANGED", f"asked for by {schedule.above_kind}, by {poll.at or 'id'} now")
