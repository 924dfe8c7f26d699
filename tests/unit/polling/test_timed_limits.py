"""What a poll by a time column remembers where a scan ends early, and what it does where the zone changes meanwhile."""

from __future__ import annotations

import pytest

from handler.errors import NotifierError
from handler.model import Digest
from handler.polling import start_requests, state_item, time_cursor, time_scan
from handler.polling.schedule import REWIND, TIME, Schedule
from handler.polling.state import PolledRow
from handler.polling.time_cursor import SECOND, StartPosition, TimeCursor, TimedRow
from tests.unit.polling.test_timed_edges import HOUR, NOW, Polled, Table


@pytest.mark.parametrize("ends", ["no time", "failure", "no room"])
def test_a_look_that_ends_early_forgets_no_row_of_the_earliest_time(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 10)
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 30)
    table = Table([(NOW, f"{n:03}b") for n in range(30)])
    polled = Polled(table)
    assert polled.run() == []
    table.clock += 60
    new = 12 if ends == "no room" else 1
    table.rows += [(NOW, f"{n:03}c") for n in range(1, 1 + new)]  # the same transaction's time, committed in parts
    table.fails_at = 2 if ends == "failure" else -1
    if ends == "no room":
        monkeypatch.setattr(time_scan, "FOUND_BYTES", 45 * 3)
    told = [*polled.run(in_time=ends != "no time")]
    table.fails_at = -1
    for _ in range(20):
        told += polled.run()
    ids = [one.id for one in told if isinstance(one, PolledRow)]
    assert len(ids) == len(set(ids)), f"{len(ids)} events for {len(set(ids))} rows, {new} of them new"
    assert len(ids) == new


def test_a_reader_that_lags_makes_no_row_of_the_earliest_time_new_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 30)
    before = [(NOW, f"{n:03}") for n in range(30)]
    table = Table([*before, (NOW + 10, "moved")])
    polled = Polled(table, identity="at")
    told = polled.run()
    table.rows = [*before[:20], (NOW + 5, "moved")]  # it had this time in between, and the last rows were not there
    table.clock += 60
    told += polled.run()
    table.rows = [*before, (NOW + 10, "moved")]
    told += [*polled.run(), *polled.run()]
    assert sorted(str(one.id) for one in told if isinstance(one, PolledRow)) == ["moved"]


def test_a_state_fits_whatever_the_length_of_an_id_is() -> None:
    table = Table([(NOW - 100, "x")])
    polled = Polled(table)
    table.clock += 60
    table.rows.append((NOW, "y" * 500_000))
    polled.run()
    values = state_item.values(polled.kept.state).values()
    assert sum(len(value) for value in values if isinstance(value, str | bytes)) < 400_000


@pytest.mark.parametrize("ahead", [9 * HOUR, -9 * HOUR])
def test_a_corrected_zone_makes_no_old_row_an_event(ahead: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 10)
    table = Table([(NOW - 20 * HOUR + 600 * n, f"r{n:03}") for n in range(120)])
    polled = Polled(table, longest=24 * HOUR, identity="at")
    assert polled.run() == []
    table.clock += 60
    table.ahead = ahead
    told: list[object] = []
    held = 0
    for _ in range(30):
        try:
            told += polled.run(in_time=False)
        except NotifierError as error:
            held += error.code == "POLL_CURSOR_CHANGED"
    assert (len(told), held) == (0, 30)


@pytest.mark.parametrize("ends", ["no room", "no time"])
def test_a_corrected_zone_posts_no_row_from_before_the_window(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """UTC is stored, and `tz=` was that of Tokyo by mistake: all times were nine hours too early."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 10)
    table = Table([(NOW - 20 * HOUR + 600 * n, f"r{n:03}") for n in range(120)], ahead=-9 * HOUR)
    polled = Polled(table)
    assert polled.run() == []
    table.clock += 60
    table.ahead = 0.0
    if ends == "no room":
        monkeypatch.setattr(time_scan, "FOUND_BYTES", 45 * 20)
    told: list[object] = []
    held = 0
    for _ in range(30):
        try:
            told += polled.run(in_time=ends == "no room")
        except NotifierError as error:
            held += error.code == "POLL_CURSOR_CHANGED"
    old = [one.id for one in told if isinstance(one, PolledRow)]
    assert (len(old), held) == (0, 30)


def test_a_corrected_zone_is_noticed_although_many_rows_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest row that was read is neither in the window nor among the last rows of the table."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 10)
    table = Table([(NOW - 60 * n, f"r{n:03}") for n in range(1, 30)])
    polled = Polled(table)
    assert polled.run() == []
    table.ahead = -9 * HOUR
    told: list[object] = []
    held = 0
    for minute in range(1, 5):
        table.clock = NOW + 60 * minute
        table.rows += [(table.clock - n, f"new{minute}/{n:02}") for n in range(15)]
        try:
            told += polled.run()
        except NotifierError as error:
            held += error.code == "POLL_CURSOR_CHANGED"
    assert held == 4 or len(told) == 60, (held, len(told))


@pytest.mark.parametrize("past", [0, 1], ids=["only future rows", "one row in the past"])
def test_each_row_of_a_rewind_is_a_message_of_its_own(past: int) -> None:
    table = Table([(NOW + 86_400 + n, f"f{n:02}") for n in range(30)] + [(NOW - 60, "p")] * past)
    polled = Polled(table, rows=20)
    table.clock += 60
    assert polled.run() == []
    wish = Schedule(starts=1, start_mode=REWIND, above=round(NOW * SECOND), above_kind=TIME)
    polled.kept.state = start_requests.rewound(polled.kept.state, polled.policy, wish)
    told = polled.run()
    assert [one for one in told if isinstance(one, Digest)] == []
    assert len(told) == 30


def test_a_row_that_has_a_later_time_too_takes_no_place_among_those_of_the_earliest_time() -> None:
    """As a JOIN gives it."""
    rows = [TimedRow(id_, at, str(at)) for at, id_ in [(5, "a"), (5, "b"), (5, "c"), (5, "x"), (9, "x")]]
    kept = TimeCursor(0, "at").with_read(rows, 10).within(2, rows)
    assert kept.seen == {kept.key(rows[2]): 5, kept.key(rows[4]): 9}
    assert kept.floor == StartPosition(5, "", rows[2])


def test_after_a_rewind_no_row_is_read_for_the_mark_that_is_gone() -> None:
    table = Table([(NOW - 60 * n, f"r{n}") for n in range(10)])
    polled = Polled(table)
    assert polled.run() == []
    wish = Schedule(starts=1, start_mode=REWIND, above=round((NOW - 200) * SECOND), above_kind=TIME)
    polled.kept.state = start_requests.rewound(polled.kept.state, polled.policy, wish)
    assert len(polled.run()) == 4
    assert table.reads == 1
