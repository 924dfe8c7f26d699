"""Every delivery counts once, and only what nothing can bring on any more counts as lost."""

from __future__ import annotations

from typing import Any

import pytest

from cli.operations import accounting
from cli.operations.accounting import Evidence
from cli.operations.rows import Row
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase

NOW = 1_800_000_000.0
PATIENCE = accounting.patience(360)
LONG_AGO = NOW - PATIENCE - 1


def row(
    phase: Phase, at: float = NOW, event: str = "e-1", channel: str = "orders", *, notice: bool = False, **fields: Any
) -> Row:
    return Row(DeliveryKey(event, "order.created", channel, notice), DeliveryRecord(phase, at, **fields))


def closed(*rows: Row, evidence: Evidence | None = None) -> accounting.Accounting:
    return accounting.close(rows, accounting.overdue(rows, NOW, PATIENCE), evidence or Evidence(0))


def test_each_delivery_counts_once() -> None:
    found = closed(
        row(Phase.DELIVERED),
        row(Phase.SUPPRESSED, event="e-2", channel=""),
        row(Phase.PARKED, event="e-3"),
        row(Phase.WAITING, event="e-4", until=NOW + 60),
        row(Phase.SENDING, event="e-5"),
        row(Phase.UNKNOWN, event="e-6"),
        row(Phase.STUB, event="e-7"),
        row(Phase.SENDING, LONG_AGO, event="e-8"),
    )
    counts = (found.received, found.delivered, found.suppressed, found.parked, found.queued, len(found.lost))
    assert counts == (8, 1, 1, 1, 4, 1)
    assert (found.events, found.parked_events) == (8, 1)


def test_a_replay_leaves_no_parked_delivery_behind() -> None:
    parked = row(Phase.PARKED, NOW - 50, channel="")
    assert closed(parked, row(Phase.DELIVERED)).parked == 0
    assert closed(parked, row(Phase.DELIVERED, NOW - 60)).parked == 1  # another template's, before it
    assert closed(parked, row(Phase.DELIVERED, event="e-2")).parked == 1


def test_a_notice_is_no_delivery() -> None:
    found = closed(row(Phase.PARKED, channel=""), row(Phase.DELIVERED, NOW + 1, notice=True))
    assert (found.received, found.parked, found.notices) == (1, 1, 1)
    assert not closed(row(Phase.SENDING, LONG_AGO, notice=True)).lost


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.DELIVERED}))
def test_a_notice_that_was_not_posted_is_not_counted(phase: Phase) -> None:
    assert closed(row(phase, notice=True)).notices == 0


@pytest.mark.parametrize(
    ("evidence", "verdict"),
    [
        pytest.param(Evidence(0), "lost", id="the queue is empty"),
        pytest.param(Evidence(None), "lost", id="there is no queue"),
        pytest.param(Evidence(3, oldest_at=LONG_AGO - 9), "lost", id="all that waits is younger"),
        pytest.param(Evidence(3, oldest_at=LONG_AGO - 10), "queued", id="something that waits is as old"),
        pytest.param(Evidence(3), "queued", id="the age of what waits is unknown"),
        pytest.param(Evidence(3, oldest_at=LONG_AGO - 9, idle=True), "queued", id="nobody takes from the queue"),
        pytest.param(Evidence(0, parked=frozenset({"e-1"})), "parked", id="SQS gave it up"),
    ],
)
def test_what_shows_no_progress_is_lost_only_where_its_message_is_gone(evidence: Evidence, verdict: str) -> None:
    found = closed(row(Phase.WAITING, LONG_AGO - 10, until=LONG_AGO), evidence=evidence)
    counts = {"lost": len(found.lost), "queued": found.queued, "parked": found.parked}
    assert counts == {"lost": 0, "queued": 0, "parked": 0, verdict: 1}
    assert found.late == (verdict == "queued")
    assert found.received == 1


def test_patience_ends_after_the_longest_pause_and_an_hour() -> None:
    assert not accounting.overdue([row(Phase.WAITING, until=NOW - PATIENCE + 1)], NOW, PATIENCE)
    assert accounting.overdue([row(Phase.WAITING, LONG_AGO, until=LONG_AGO)], NOW, PATIENCE)
    assert not accounting.overdue([row(Phase.DELIVERED, LONG_AGO)], NOW, PATIENCE)
    assert not accounting.overdue([row(Phase.WAITING, LONG_AGO, notice=True)], NOW, PATIENCE), "the next event posts it"
    assert accounting.patience(None) > 6 * 3600  # Lambda keeps an event for that long


@pytest.mark.parametrize(
    ("minutes_ago", "expected"),
    [
        ((), False),
        ((0, 5, 23), False),  # it may have begun just now
        ((24,), True),
        ((60,), True),
        ((61, 72), False),  # it may have stopped an hour ago
        ((5, 40, 100), True),
    ],
)
def test_the_function_is_at_work_if_it_has_had_time_for_all_that_waits(
    minutes_ago: tuple[int, ...], expected: bool
) -> None:
    assert accounting.is_at_work([NOW - 60 * minutes for minutes in minutes_ago], NOW, PATIENCE) is expected


@pytest.mark.parametrize(
    ("published", "seen", "queued", "expected"),
    [
        (1000, 1000, 0, 0),
        (1000, 990, 0, 0),  # within one per cent
        (1000, 980, 0, 20),
        (1000, 980, 20, 0),  # the rest is in the queue
        (1000, 1000, 500, 0),  # what is in the queue was seen before
        (1000, 1011, 0, -11),
        (2, 1, 0, 0),  # an event at the edge of the window
        (3, 1, 0, 2),
        (0, 0, 0, 0),
    ],
)
def test_what_was_published_is_compared_within_a_tolerance(
    published: int, seen: int, queued: int, expected: int
) -> None:
    assert accounting.difference(published, seen, queued, 0.01) == expected
