"""What a poll by a time column keeps where its memory is full, its rows are strange, or its template changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

import pytest

from cli.poll_run import _lines
from handler.errors import NotifierError, SourceError
from handler.model import Digest, Poll, Row, Value
from handler.polling import time_cursor, time_pages, time_scan
from handler.polling.dry_run import DryRun
from handler.polling.id_cursor import IdCursor
from handler.polling.run import run
from handler.polling.state import PolledRow, PollState
from handler.polling.time_cursor import SECOND, TimedRow, row_source
from handler.polling.time_scan import StartPosition, TimePage
from tests.poll_kit import Kept
from tests.unit.polling.test_timed_polls import POLL as EVERY_MINUTE
from tests.unit.polling.test_timed_polls import START, Function

HOUR = 3600.0
NOW = 1_795_000_000.0


def place(row: TimedRow) -> tuple[str, str]:
    return row.text, str(row.id)


@dataclass
class Table:
    """poll.Rows: ids with their times in Unix seconds, an id maybe more than once; `fails_at` counts pages."""

    rows: list[tuple[float, int | str]] = field(default_factory=list)
    clock: float = NOW
    fails_at: int = -1
    reads: int = 0
    ahead: float = 0.0  # what the zone adds to a time that is written in the same way

    def page(self, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        self.reads += 1
        if self.reads == self.fails_at:
            raise SourceError("DB_TIMEOUT")
        assert self.reads < 200, "the scan does not end"
        rows = [TimedRow(id_, round((at + self.ahead) * SECOND), f"{at:020.6f}") for at, id_ in self.rows]
        rows.sort(key=place)
        if begin and begin.row:
            edge = place(begin.row)
            rows = [one for one in rows if (place(one) <= edge if backwards else place(one) >= edge)]
        elif begin:
            rows = [one for one in rows if one.at >= begin.at]
        some = (rows[::-1] if backwards else rows)[: time_scan.PAGE_SIZE]
        now = round(self.clock * SECOND) if some else None
        return TimePage(some, now, len(some) < time_scan.PAGE_SIZE, "time" if some else "")

    def created(self, ids: object) -> dict[int, str]:
        raise AssertionError

    counter = ids = changed = created


class Polled:
    """A poll of a table from its first run on."""

    def __init__(self, table: Table, longest: float = HOUR, identity: str = "", rows: int | None = None) -> None:
        self.table = table
        self.policy = Poll("", 60.0, longest=longest, digest_rows=rows, at="at", identity=identity, table="payments")
        cursor = time_scan.first_cursor(table.page, longest, round(table.clock * SECOND), row_source(self.policy))
        self.kept = Kept(PollState(IdCursor.at(0), timed=cursor))

    def run(self, *, in_time: bool = True) -> list[object]:
        before, self.table.reads = len(self.kept.sent), 0
        left = iter([True] * 3)
        self.ran = run(
            self.kept.state,
            self.table.clock - 60,
            self.table,
            self.kept,
            self.kept,
            self.policy,
            lambda: self.table.clock,
            lambda: in_time or next(left, False),
        )
        return self.kept.sent[before:]


@pytest.mark.parametrize("first", [True, False], ids=["seen by the first run", "told before"])
def test_a_longer_longest_transaction_makes_no_old_row_new(first: bool) -> None:
    old = [(NOW - 5 * HOUR + n, f"old{n}") for n in range(50)]
    table = Table([(NOW - 20 * HOUR, "x"), *(old if first else [])], clock=NOW if first else NOW - 4 * HOUR)
    polled = Polled(table)
    table.rows += [] if first else old
    polled.run()
    table.clock = NOW + 60
    table.rows.append((NOW, "new"))
    polled.run()
    polled.policy = replace(polled.policy, longest=24 * HOUR)
    told = polled.run()
    assert told == []


@dataclass
class Seconds:
    """ports.Database: a column of whole numbers, compared as numbers."""

    rows: dict[int, int]

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        at, id_ = int(str(parameters.get("at", 0))), int(str(parameters.get("id", 0)))
        found = sorted((one, key) for key, one in self.rows.items())
        if "DESC" in sql:
            found = [one for one in found if not at or one <= (at, id_)][::-1]
        else:
            found = [one for one in found if one >= (at, id_)]
        return [Row(id=key, at=one, text=str(one), now=int(NOW)) for one, key in found[:limit]]


@pytest.mark.parametrize("never", [253_402_300_799, 10**11])
def test_one_row_that_never_ends_does_not_hide_all_later_ones(never: int) -> None:
    """9999-12-31 23:59:59 in seconds, which often means never."""
    database = Seconds({number: int(NOW) - number for number in range(1, 9)} | {100: never})
    page = lambda begin, **how: time_pages.page(database, Poll("", 60.0), begin, **how)  # noqa: E731
    cursor = time_scan.first_cursor(page, HOUR, round(NOW * SECOND), "at")
    database.rows[200] = int(NOW) + 1
    seen = time_scan.scan(cursor, page, HOUR, round((NOW + 60) * SECOND), lambda: True, None)
    assert [one.id for one in seen.found] == [200]


def test_a_column_that_becomes_coarser_is_noticed() -> None:
    database = Seconds({1: int(NOW) * 1000})
    page = lambda begin, **how: time_pages.page(database, Poll("", 60.0), begin, **how)  # noqa: E731
    cursor = time_scan.first_cursor(page, HOUR, round(NOW * SECOND), "at")
    database.rows = {1: int(NOW), 2: int(NOW) + 1}
    with pytest.raises(NotifierError, match="POLL_CURSOR_CHANGED"):
        time_scan.scan(cursor, page, HOUR, round((NOW + 60) * SECOND), lambda: True, None)


@pytest.mark.parametrize("behind", [5 * HOUR, 86_400.0], ids=["New York without tz=", "a clock"])
def test_rows_of_a_table_that_was_empty_are_found_whatever_their_clock_says(behind: float) -> None:
    table = Table()
    polled = Polled(table)
    table.clock += 60
    table.rows = [(NOW + 30 - behind, "a")]
    told = polled.run()
    table.clock += 60
    table.rows += [(NOW + 90 - behind, "b")]
    assert {one.id for one in [*told, *polled.run()] if isinstance(one, PolledRow)} == {"a", "b"}


def test_a_look_ends_in_time_whatever_stands_before_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bulk of rows with one time, which the window has just left: each run reads all of them again."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 20)
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 120)
    table = Table([(NOW - 1, "x")])
    polled = Polled(table, rows=10)
    table.rows += [(NOW, f"bulk{n:05}") for n in range(2_000)]
    polled.run()
    assert polled.ran.found == 2_000
    table.clock = NOW + 2 * HOUR + 60
    table.rows.append((NOW + 2 * HOUR + 1, "later"))
    assert [one.id for one in polled.run() if isinstance(one, PolledRow)] == ["later"]
    polled.run(in_time=False)
    assert table.reads <= 2 + 120 // 20


@pytest.mark.parametrize("identity", ["", "at"], ids=["deleted", "re-timed"])
def test_what_is_gone_does_not_shorten_the_window_to_nothing(identity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 100)
    table = Table([(NOW - 1, "x")])
    polled = Polled(table, identity=identity)
    told: list[object] = []
    for minute in range(51):
        at = table.clock = NOW + 60 * minute
        if identity:
            table.rows = [(at, f"row{n}") for n in range(2)]
        else:
            table.rows = [(at, f"row{minute}/{n}") for n in range(2)]
        told += polled.run()
    # Its transaction took two minutes, of the hour that is allowed.
    table.rows.append((table.clock - 120, "late"))
    told += [one.id for one in polled.run() if isinstance(one, PolledRow)]
    assert polled.kept.state.timed
    assert len({*polled.kept.state.timed.seen}) <= 100
    assert "late" in told


def test_rows_of_an_id_with_two_times_are_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a JOIN gives them, or a row that gets another time during a scan."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 20)
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 100)
    table = Table([(NOW - 1, "x")])
    polled = Polled(table, rows=10)
    for n in range(150):
        table.rows += [(NOW + n, f"r{n:03}"), (NOW + n + 120, f"r{n:03}")]
    table.clock = NOW + 1_000
    polled.run()
    again = [polled.run() for _ in range(5)]
    assert again == [[]] * 5


def test_no_row_is_counted_twice_after_a_look_that_was_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of an import stand in the window, before as many as can be remembered."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 20)
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 100)
    table = Table([(NOW - 60 - n, f"r{n:03}") for n in range(95)])
    polled = Polled(table, rows=10)
    table.rows += [(NOW - 1.0, f"s{n:03}") for n in range(5)]
    polled.run()
    table.rows += [(NOW - HOUR - n, f"import{n:03}") for n in range(40)]
    table.fails_at = 2
    told = polled.run()
    table.fails_at = -1
    told += polled.run()
    counted = sum(one.count if isinstance(one, Digest) else 1 for one in told)
    assert counted <= 40


def test_a_row_with_a_time_that_is_none_does_not_stop_all_others() -> None:
    """Microseconds in a column of milliseconds, as one wrong writer leaves them; it is always on the last page."""
    database = Seconds({1: int(NOW) * 1000})
    page = lambda begin, **how: time_pages.page(database, Poll("", 60.0), begin, **how)  # noqa: E731
    cursor = time_scan.first_cursor(page, HOUR, round(NOW * SECOND), "at")
    database.rows |= {2: int(NOW + 1) * 1000, 3: int(NOW + 1) * 1_000_000}
    seen = time_scan.scan(cursor, page, HOUR, round((NOW + 60) * SECOND), lambda: True, None)
    assert [one.id for one in seen.found] == [2]


@pytest.mark.parametrize("wrong", [int(NOW) * 1000, int(NOW) * 1_000_000], ids=["milliseconds", "microseconds"])
def test_more_wrong_numbers_than_a_page_has_rows_hide_no_row_and_change_no_unit(
    wrong: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of seconds, into which somebody writes something else."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 4)
    database = Seconds({1: int(NOW)})
    page = lambda begin, **how: time_pages.page(database, Poll("", 60.0), begin, **how)  # noqa: E731
    cursor = time_scan.first_cursor(page, HOUR, round(NOW * SECOND), "at")
    database.rows |= {2: int(NOW) + 1} | {number: wrong + number for number in range(10, 20)}
    seen = time_scan.scan(cursor, page, HOUR, round((NOW + 60) * SECOND), lambda: True, None)
    assert ([one.id for one in seen.found], seen.cursor.unit) == ([2], "s")
    assert seen.failure
    assert "without a valid time" in seen.failure.detail
    assert seen.given_up >= 10


def test_a_look_ends_in_time_also_among_rows_whose_ids_are_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 4)
    table = Table([(NOW, "x")])
    polled = Polled(table)
    table.rows += [(NOW + n, f"{n:02}" + "y" * 300) for n in range(40)]
    table.clock += 60
    assert polled.run(in_time=False) == []
    assert (polled.ran.more, table.reads) == (True, 3)  # as long as `run` lets it have time


CHANGES: list[dict[str, str]] = [
    {"at": "paid_at"},
    {"table": "refunds"},
    {"column": "uuid"},
    {"identity": "at"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_a_poll_of_other_rows_than_before_is_on_hold(change: dict[str, str]) -> None:
    """The rows of the window would be new, although they were there before."""
    polled = Polled(Table([(NOW - 60 * n, f"r{n}") for n in range(10)]))
    polled.policy = replace(polled.policy, **change)
    with pytest.raises(NotifierError, match="POLL_CURSOR_CHANGED"):
        polled.run()


@pytest.mark.parametrize("hours", [9, -9])
@pytest.mark.parametrize("identity", ["", "at"])
def test_a_poll_whose_rows_have_other_times_than_before_is_on_hold(identity: str, hours: int) -> None:
    """As after a correction of `tz=`: later ones bring old rows into the window, earlier ones hide new ones."""
    table = Table([(NOW - 60 - 60 * n, f"r{n}") for n in range(1_000)])
    polled = Polled(table, identity=identity)
    assert polled.run() == []
    table.rows.append((NOW, "new"))
    table.ahead = hours * HOUR
    with pytest.raises(NotifierError, match="POLL_CURSOR_CHANGED"):
        polled.run()
    table.ahead = 0.0
    assert [one.id for one in polled.run() if isinstance(one, PolledRow)] == ["new"]


def test_all_rows_after_a_pause_are_in_a_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "MAX_FOUND", 20)
    function = Function(replace(EVERY_MINUTE, digest_rows=None, digest_seconds=600.0))
    function.payments.settled = {"x": START}
    function.run()
    function.payments.settled |= {f"r{n:02}": START + 60 + n for n in range(50)}
    function.payments.now += 2 * HOUR
    sent = [one for _ in range(5) for one in function.run()[1] if "type" in one]
    assert [one for one in sent if "digest" not in one["notifier"]] == []


def test_a_dry_run_shows_no_control_characters_of_an_id() -> None:
    found = DryRun("t", found=1, lowest="\x1b]0;x\x07\x1b[2J", ids=("\x1b]0;x\x07\x1b[2J",))
    said = {**asdict(found), "paused": False, "on_hold": ""}
    assert all(line.isprintable() for line in _lines(said))
