"""What somebody on call asks of a poll by a time column: to begin at a time, to find rows again, to post them again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from handler.errors import SourceError
from handler.model import Poll
from handler.polling import time_cursor, time_scan
from handler.polling.dry_run import DryRun
from handler.polling.schedule import ID, TIME, Schedule
from handler.polling.time_cursor import Unit
from lab.poll_soak.points import Killed
from tests.operated_polls import START, TYPE
from tests.timed_kit import LONGEST, POLL, Timed, above

Change = Callable[[Schedule], Schedule]
WINDOW = LONGEST + 3600.0
UNITS: tuple[Unit, ...] = ("time", "s", "ms")
# How far back each of these rows was settled before the run: within the window, at its begin, and before it.
SETTLED = {"a": -90_000.0, "b": -WINDOW - 2, "c": -WINDOW + 2, "d": -5_000.0, "e": -90.0, "f": -30.0, "g": -30.0}


def rewinding(seconds: float) -> Change:
    return lambda one: one.rewound(above(seconds), TIME)


def resending(seconds: float) -> Change:
    return lambda one: one.rebased(above(seconds), TIME)


def after_posts(poll: Poll = POLL, unit: Unit = "time", settled: Mapping[str, float] = SETTLED) -> Timed:
    """A poll that has posted all of these rows, one by one, from the earliest on."""
    world = Timed(replace(poll, digest_rows=None), unit=unit)
    world.now += -100_000
    world.minute()
    for id_, at in sorted(settled.items(), key=lambda row: row[1]):
        world.database.settled[id_] = at
        world.now = START + at
        world.minute()
    world.now = START
    world.minute()
    assert world.rows() == settled.keys()
    world.queue.sent.clear()
    world.polls = replace(world.polls, polls={TYPE: poll})
    world.poll = poll
    return world


def since(seconds: float, settled: Mapping[str, float] = SETTLED) -> set[str]:
    return {id_ for id_, at in settled.items() if at >= seconds}


def identity(world: Timed, id_: str, epoch: int = 0) -> str:
    at = datetime.fromtimestamp(START + world.database.settled[id_], UTC).isoformat().replace("+00:00", "Z")
    return f"{TYPE}/{id_}" + (f"/{at}" if world.poll.identity else "") + (f"/{epoch}" if epoch else "")


TIMES = [-1e9, -90_000, -89_999, -WINDOW - 2, -WINDOW, -5_000, -4_999.5, -90, -89, -30]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("by", ["", "at"])
@pytest.mark.parametrize("changed", [rewinding, resending])
@pytest.mark.parametrize("seconds", TIMES)
def test_the_rows_from_a_time_on_are_found_again_and_those_before_are_not(
    seconds: float, changed: Callable[[float], Change], by: str, unit: Unit
) -> None:
    world = after_posts(replace(POLL, identity=by, digest_rows=1), unit)
    world.change(changed(seconds))
    epoch = world.schedule.epoch
    for _ in range(3):
        world.minute()
    assert set(world.posted()) == {identity(world, id_, epoch) for id_ in since(seconds)}
    assert len(world.events()) == len(since(seconds))
    assert not any(event["notifier"].keys() - {"polled"} for event in world.events())
    assert (world.state.resent_upto, world.schedule.late) == (0, 0)
    world.queue.sent.clear()
    world.settle(["x", "y"])
    world.minute()
    assert [event["notifier"]["digest"]["count"] for event in world.events()] == [2]


@pytest.mark.parametrize("seconds", [-1e9, -6_000.0, -100.0, -40.0])
@pytest.mark.parametrize("late", [-WINDOW + 1, -5_001.0, -100.5, -31.0])
def test_a_row_that_has_not_appeared_yet_is_found_on_either_side_of_the_time(seconds: float, late: float) -> None:
    world = after_posts(settled={**SETTLED, "z": -1.0})
    world.database.settled["late"] = late
    world.change(rewinding(seconds))
    for _ in range(3):
        world.minute()
    assert world.rows() == since(seconds, world.database.settled) | {"late"}


@pytest.mark.parametrize("seconds", [-1e9, -6_000.0, -40.0])
def test_a_row_before_the_time_that_commits_after_the_rewind_is_found(seconds: float) -> None:
    world = after_posts()
    world.change(rewinding(seconds))
    world.minute()
    world.queue.sent.clear()
    world.database.settled["late"] = -WINDOW + 10
    world.minute()
    assert world.rows() == {"late"}


@pytest.mark.parametrize("pause", [0.0, 40_000.0, 400_000.0])
@pytest.mark.parametrize("back", [-1_000.0, 0.0, 1_000.0])
def test_what_came_during_a_pause_is_found_also_if_it_came_before_the_time(pause: float, back: float) -> None:
    """Between the latest time that was read and the time of the rewind nothing was seen."""
    world = after_posts(replace(POLL, digest_rows=None))
    world.database.settled |= {f"n{number}": pause * number / 10 + 1 for number in range(10)}
    world.now += pause + 2
    world.change(rewinding(pause / 2 + back))
    for _ in range(3):
        world.minute()
    assert world.rows() == {f"n{number}" for number in range(10)} | since(pause / 2 + back)


def test_a_rewind_begins_at_its_microsecond() -> None:
    world = after_posts(settled={"before": -30.000001, "at": -30.0, "after": -29.999999})
    world.change(rewinding(-30.0))
    world.minute()
    assert world.rows() == {"at", "after"}


def test_rows_in_the_future_are_found_again_too() -> None:
    world = after_posts(settled={**SETTLED, "tomorrow": 86_400.0, "next week": 604_800.0})
    world.now = START + 120
    world.change(rewinding(100_000.0))
    world.minute()
    assert world.rows() == {"next week"}
    world.queue.sent.clear()
    world.change(rewinding(-40.0))
    world.minute()
    assert world.rows() == {"f", "g", "tomorrow", "next week"}


@pytest.mark.parametrize("changed", [rewinding, resending])
@pytest.mark.parametrize("policy", [{}, {"digest_rows": 1}, {"digest_seconds": 1.0}, {"digest_rows": None}])
def test_rows_that_somebody_asks_for_are_never_one_summary(
    changed: Callable[[float], Change], policy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 50)
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 5_000)
    world = after_posts(settled={f"r{number:04}": number - 1_000.0 for number in range(400)})
    world.polls = replace(world.polls, polls={TYPE: replace(POLL, **policy)})
    world.change(changed(-990.0))
    world.minute()
    assert world.state.resent_upto
    for _ in range(9):
        world.minute()
    assert world.rows() == {f"r{number:04}" for number in range(10, 400)}
    assert not any("digest" in event["notifier"] for event in world.events())
    assert world.state.resent_upto == 0
    world.queue.sent.clear()
    world.settle([f"n{number:04}" for number in range(200)])
    world.minute()
    assert (len(world.events()) == 1) == (policy != {"digest_rows": None})


def test_a_rewind_ends_though_the_last_rows_were_deleted() -> None:
    world = after_posts()
    for id_ in ("f", "g"):
        del world.database.settled[id_]
    world.change(rewinding(-6_000.0))
    world.minute()
    world.minute()
    assert (world.rows(), world.state.resent_upto) == ({"d", "e"}, 0)


@pytest.mark.parametrize("shown", [["d"], ["d", "e"]])
def test_rows_that_a_lagging_replica_shows_later_are_no_summary_either(shown: list[str]) -> None:
    world = after_posts(replace(POLL, digest_rows=1))
    world.change(rewinding(-6_000.0))
    world.database.hidden = SETTLED.keys() - {*shown}
    world.minute()
    assert world.rows() == {*shown}
    world.database.hidden = set()
    world.minute()
    assert world.posted() == [f"{TYPE}/{id_}" for id_ in "defg"]
    assert world.state.resent_upto == 0


@pytest.mark.parametrize("most", [3, 5, 8, 10])
@pytest.mark.parametrize("seconds", [-1_000.0, -980.5, -970.0, -962.0, -961.0, -955.0, -951.0])
def test_more_rows_than_are_remembered_count_as_seen_before_the_time(
    most: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the poll had forgotten rows on either side of it before."""
    settled = {f"r{number:02}": number - 1_000.0 for number in range(50)}
    world = after_posts(settled=settled)
    monkeypatch.setattr(time_cursor, "MAX_SEEN", most)
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 3)
    world.settle(["z"])
    world.minute()
    world.queue.sent.clear()
    settled = world.database.settled
    assert world.state.timed
    assert world.state.timed.floor
    world.change(rewinding(seconds))
    for _ in range(40):
        world.minute()
        assert len(world.state.timed.seen) <= most
    assert world.rows() == since(seconds, settled)
    assert not any("late" in event["notifier"] for event in world.events())


@pytest.mark.parametrize("floor", [True, False])
@pytest.mark.parametrize("changed", [rewinding, resending])
def test_rows_with_one_time_are_found_again_together(
    changed: Callable[[float], Change], floor: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = after_posts(settled={**SETTLED, **{f"r{number:02}": -20.0 for number in range(20)}})
    if floor:
        monkeypatch.setattr(time_cursor, "MAX_SEEN", 7)
        monkeypatch.setattr(time_scan, "PAGE_SIZE", 3)
        world.settle(["z"])
        world.minute()
    world.queue.sent.clear()
    world.change(changed(-20.0))
    for _ in range(9):
        world.minute()
    assert world.rows() == since(-20.0, world.database.settled)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("by", ["", "at"])
@pytest.mark.parametrize("seconds", [*TIMES, 5.0, 1e7])
def test_a_first_run_with_a_start_posts_the_rows_from_then_on(seconds: float, by: str, unit: Unit) -> None:
    settled = {**SETTLED, "tomorrow": 86_400.0}
    poll = replace(POLL, start=START + seconds, identity=by, digest_rows=None)
    world = Timed(poll, settled, unit)
    said = world.preview()
    assert (said.starts, said.found) == (True, len(since(seconds, settled)))
    world.minute()
    assert set(world.posted()) == {identity(world, id_) for id_ in since(seconds, settled)}
    assert not any(event["notifier"].keys() - {"polled"} for event in world.events())
    world.queue.sent.clear()
    world.minute()
    assert world.events() == []
    world.database.settled |= {"next": 70.0, "not committed before": -WINDOW - 20}
    world.minute()
    assert world.rows() == {"next", "not committed before"}


@pytest.mark.parametrize("policy", [{"digest_rows": 2}, {"digest_rows": 9}])
def test_many_rows_of_a_first_run_are_a_summary(policy: dict[str, Any]) -> None:
    world = Timed(replace(POLL, start=START - 6_000, **policy), SETTLED)
    world.minute()
    assert ("digest" in world.events()[0]["notifier"]) == (policy["digest_rows"] == 2)
    assert len(world.events()) == (1 if policy["digest_rows"] == 2 else 4)


def test_a_first_run_of_an_empty_table_with_a_start() -> None:
    world = Timed(replace(POLL, start=START - 6_000))
    world.minute()
    world.database.settled |= {"x": -6_100.0, "y": -10.0, "z": 5.0}
    world.minute()
    assert world.rows() == {"x", "y", "z"}


@pytest.mark.parametrize("changed", [Schedule.started, Schedule.rebased])
def test_only_the_first_run_begins_there(changed: Change) -> None:
    world = Timed(replace(POLL, start=START - 6_000), SETTLED)
    world.minute()
    world.queue.sent.clear()
    world.settle(["x"])
    world.change(changed)
    world.minute()
    assert world.events() == []


CHANGES = [
    pytest.param(rewinding(-6_000.0), True, id="rewind"),
    pytest.param(resending(-6_000.0), True, id="resend"),
    pytest.param(Schedule.rebased, False, id="rebase"),
    pytest.param(Schedule.started, False, id="start"),
]


@pytest.mark.parametrize(("changed", "resends"), CHANGES)
@pytest.mark.parametrize("step", range(1, 14))
def test_a_change_is_carried_out_once_wherever_the_function_is_killed(
    changed: Change, resends: bool, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 1)
    world = after_posts()
    world.change(changed)
    epoch = world.schedule.epoch
    world.killable.left = step
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    done = world.state.starts == 1
    world.settle(["new"])
    for _ in range(9):
        world.minute()
    again = since(-6_000.0) if resends else set()
    assert world.rows() == again | ({"new"} if done or resends else set())
    assert set(world.posted()) == {identity(world, id_, epoch) for id_ in world.rows()}
    assert (world.state.starts, world.state.epoch, world.state.resent_upto) == (1, epoch, 0)


@pytest.mark.parametrize("step", range(1, 14))
def test_a_first_run_that_is_killed_posts_them_all_the_same(step: int) -> None:
    world = Timed(replace(POLL, start=START - 6_000, digest_rows=None), SETTLED)
    world.killable.left = step
    with suppress(Killed):
        world.minute()
    world.killable.left = -1
    for _ in range(6):
        world.minute()
    assert set(world.posted()) == {f"{TYPE}/{id_}" for id_ in since(-6_000.0)}


@pytest.mark.parametrize("changed", [rewinding, resending])
def test_a_change_waits_while_the_database_fails(changed: Callable[[float], Change]) -> None:
    world = after_posts()
    world.change(changed(-6_000.0))
    world.failing(SourceError("DB_TIMEOUT", "too long"))
    for _ in range(3):
        world.minute()
    assert world.schedule.code == "DB_TIMEOUT"
    world.failing(None)
    for _ in range(9):
        world.minute()
    assert world.rows() == since(-6_000.0)


@pytest.mark.parametrize(
    ("changed", "found", "starts", "seen"),
    [(rewinding(-6_000.0), "defg", False, 0), (resending(-6_000.0), "defg", True, 2), (Schedule.started, "", True, 6)],
)
def test_a_dry_run_shows_what_the_run_would_find(changed: Change, found: str, starts: bool, seen: int) -> None:
    world = after_posts(replace(POLL, digest_rows=1))
    world.change(changed)
    expected = DryRun(TYPE, starts=starts, seen=seen, found=len(found), ids=tuple(found))
    assert world.preview() == (replace(expected, lowest=found[0], highest=found[-1]) if found else expected)
    world.minute()
    assert world.rows() == {*found}


@pytest.mark.parametrize("changed", [Schedule.rewound, Schedule.rebased])
@pytest.mark.parametrize("by_time", [True, False])
def test_what_is_asked_of_ids_is_never_done_to_times(changed: Any, by_time: bool) -> None:
    """The template was changed after somebody had asked: each kind of number would be far from the other."""
    world = after_posts()
    poll, asked = (POLL, (41_999, ID)) if by_time else (Poll("SELECT id FROM payments", 60.0), (above(0), TIME))
    world.polls = replace(world.polls, polls={TYPE: poll})
    world.change(lambda one: changed(one, *asked))
    (report,) = world.minute()
    assert report.failure
    assert report.failure.code == "POLL_CURSOR_CHANGED"
    assert (world.rows(), world.state.starts) == (set(), 0)
    if by_time:
        assert report.failure.detail == "asked for by id, by settled_at now"
        world.change(Schedule.started)
        world.minute()
        assert world.schedule.code == ""


@pytest.mark.parametrize("seed", range(16))
def test_with_any_changes_at_any_time_each_row_from_the_lowest_rewind_on_is_posted(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows commit late, the function is killed, somebody rewinds; what was seen before that is not posted again."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 4)
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 300)
    random = Random(seed)
    world = Timed(replace(POLL, digest_rows=None, identity=random.choice(["", "at"])), unit=random.choice(UNITS))
    world.minute()
    lowest, hidden = 1e9, dict[str, float]()
    for number in range(80):
        world.now += random.choice([0, 0, 60, 600, 3_000])
        fresh = [f"{number:03}{one}" for one in range(random.randrange(4))]
        world.settle(fresh)
        hidden |= {id_: world.now + random.choice([60, LONGEST]) for id_ in fresh if random.random() < 0.3}
        hidden = {id_: at for id_, at in hidden.items() if at > world.now}
        world.database.hidden = {*hidden}
        if random.random() < 0.1:
            seconds = world.now - START - random.choice([0, 100, 5_000, 20_000, 100_000])
            lowest = min(lowest, seconds)
            before = len(world.queue.sent)
            world.change(rewinding(seconds))
        world.killable.left = random.randrange(1, 9) if random.random() < 0.3 else -1
        with suppress(Killed):
            world.minute()
        world.killable.left = -1
    world.database.hidden = set()
    for _ in range(30):
        world.minute()
    assert world.rows() == world.database.settled.keys()
    before = len(world.queue.sent)
    world.change(rewinding(lowest))
    for _ in range(30):
        world.minute()
    again = {one["id"] for one in world.events()[before:]}
    assert again == {id_ for id_, at in world.database.settled.items() if at >= lowest}
