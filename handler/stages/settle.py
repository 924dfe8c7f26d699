"""From outcomes to what becomes of their records: done, parked, or still in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from handler.errors import named
from handler.model import Outcome, State
from handler.ports import Park


def settle(outcomes: Sequence[Outcome], park: Park, max_receives: int) -> list[Outcome]:
    """Park the records that cannot succeed, and those whose last delivery this was; a record is parked once.

    While any delivery of a record is to be retried the record stays in the queue. A record that cannot be parked stays
    there too, so that nothing is lost.
    """
    return [settled for record in _by_record(outcomes) for settled in _settle(record, park, max_receives)]


def _by_record(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    records: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        records.setdefault(outcome.record.id, []).append(outcome)
    return list(records.values())


def _settle(outcomes: list[Outcome], park: Park, max_receives: int) -> list[Outcome]:
    exhausted = outcomes[0].record.attempt >= max_receives
    waiting = [outcome for outcome in outcomes if outcome.state is State.RETRY]
    hopeless = [outcome for outcome in outcomes if outcome.state is State.PARKED]
    if waiting and not exhausted:
        return outcomes
    if not (waiting or hopeless):
        return outcomes
    try:
        park.park((hopeless or waiting)[0])
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the queue still has the record
        problem = named(error)
        return [replace(outcome, state=State.RETRY, code=problem.code, detail=problem.detail) for outcome in outcomes]
    return [replace(one, state=State.PARKED) if one.state is State.RETRY else one for one in outcomes]
