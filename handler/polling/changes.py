"""What somebody on call asks for of what a poll has seen. A run carries it out by one write of the state.

The state holds the number of the start that it carried out last. So it is carried out once, even if the run is killed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from handler.delivery.item import Item
from handler.polling import state_item, time_look
from handler.polling.canaries import chosen
from handler.polling.id_cursor import IdCursor
from handler.polling.poll import FIRST_BYTES, PollState
from handler.polling.schedule import RESEND, REWIND, Schedule
from handler.polling.table import Table
from handler.polling.time_cursor import SECOND, basis


def is_asked(schedule: Schedule, state: Item) -> bool:
    """Whether somebody asked for a change that no run has carried out yet."""
    return schedule.starts > state_item.starts(state)


def starts_again(schedule: Schedule, state: Item | None) -> bool:
    """Whether the next run takes the rows that are there as seen. The first one does, for which there is no state."""
    return state is None or (is_asked(schedule, state) and schedule.wish != REWIND)


def started(table: Table, schedule: Schedule, now: float, in_time: Callable[[], bool]) -> PollState:
    """Return a state for which the rows that are there are seen, except those that are to be sent.

    The first run sends those that the template's `start` says, others those that somebody asked for. Raises as Table
    does.
    """
    if table.poll.at:
        by_time = time_look.first(
            table.page, table.poll.longest, round(now * SECOND), basis(table.poll.at, table.poll.identity)
        )
        return PollState(IdCursor.at(0), epoch=schedule.epoch, starts=schedule.starts, timed=by_time)
    start = None if schedule.starts else table.poll.start
    cursor = table.now(in_time).within(FIRST_BYTES) if start is None else table.since(start, in_time)
    canaries = table.created({*chosen(cursor.seen.ids), table.lowest()})
    state = PollState(cursor, canaries=canaries, epoch=schedule.epoch, starts=schedule.starts)
    state = replace(state, watched=table.poll.watched)
    return rewound(state, schedule) if schedule.wish == RESEND else state


def rewound(state: PollState, schedule: Schedule) -> PollState:
    """Return a state for which the rows above `schedule.above` are new, each of them as an event of its own."""
    upto = max(state.resent_upto, state.cursor.top)
    return replace(state, cursor=state.cursor.rewound(schedule.above), resent_upto=upto, starts=schedule.starts)
