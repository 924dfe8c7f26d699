"""A scan of a table whose older ids fit into one page together with a new one: one SELECT reads all of it."""

from __future__ import annotations

import pytest

from handler.errors import NotifierError, SourceError
from handler.polling import id_scan
from handler.polling.id_cursor import IdCursor, Sweep
from handler.polling.id_scan import IdPage, IdScan
from tests.poll_kit import seen

PAGE_SIZE = 10
LONGEST = 60.0


class Rows:
    """A table by its ids. A SELECT that comes to an id of `broken` fails; `asked` has the ranges."""

    def __init__(self, *ids: int, broken: int = 0) -> None:
        self.ids = [*ids]
        self.broken = broken
        self.asked: list[tuple[int, int | None]] = []

    def __call__(self, after: int, upto: int | None) -> IdPage:
        self.asked.append((after, upto))
        found = sorted(id_ for id_ in self.ids if after < id_ and (upto is None or id_ <= upto))
        if self.broken in found[:PAGE_SIZE]:
            raise SourceError("DB_TIMEOUT", "too long")
        return IdPage(seen(found[:PAGE_SIZE]), complete=len(found) < PAGE_SIZE)

    def scan(self, cursor: IdCursor, *, in_time: bool = True, limit: int | None = None) -> IdScan:
        return id_scan.scan(cursor, self, LONGEST, lambda: 1000.0, lambda: in_time, limit=limit)


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", PAGE_SIZE)


@pytest.mark.parametrize(
    ("floor", "top", "sweep", "asked"),
    [
        (0, 0, None, [(0, None)]),
        (0, 8, None, [(0, None)]),
        (100, 108, None, [(100, None)]),
        # the last page that has room for a new one; it is full, and there may be more
        (0, 9, None, [(0, None), (10, None)]),
        # a pass that began in an earlier run ends; recent ids are read once more, as after each such pass
        (100, 108, Sweep(104, 107, 900.0), [(100, None), (100, 108)]),
        # a page of older ids alone would leave no room for a new one
        (0, 10, None, [(10, None), (0, 10)]),
        (100, 110, None, [(110, None), (100, 110)]),
        (100, 110, Sweep(104, 107, 900.0), [(110, None), (104, 107), (100, 110)]),
    ],
)
def test_one_select_reads_what_fits_into_a_slice(
    floor: int, top: int, sweep: Sweep | None, asked: list[tuple[int, int | None]]
) -> None:
    """One of the older ids is late. Above them is a new one."""
    older = {*range(floor + 1, top + 1)} - {top - 1}
    late = {top - 1} & {*range(floor + 1, top)}
    rows = Rows(*older, *late, top + 1)
    scan = rows.scan(IdCursor(top, floor, seen(older), (), sweep))
    assert [one for one in rows.asked if one[1] is None or one[0] < one[1]] == asked
    assert ({*scan.found}, scan.more, scan.has_read_new, scan.failure) == ({*late, top + 1}, False, True, None)
    assert (scan.cursor.seen, scan.cursor.sweep) == (seen(rows.ids), None)


def test_older_ids_that_cannot_be_read_delay_no_new_ones() -> None:
    rows = Rows(1, 2, 3, 4, broken=2)
    scan = rows.scan(IdCursor(3, 0, seen([1, 2, 3])))
    assert ({*scan.found}, scan.has_read_new) == ({4}, True)
    assert isinstance(scan.failure, NotifierError)
    assert scan.cursor.sweep is not None, "the sweep over them is not over"


def test_a_table_that_cannot_be_read_is_not_asked_for_older_ids_alone() -> None:
    rows = Rows(1, 2, 3, 4, broken=4)
    scan = rows.scan(IdCursor(3, 0, seen([1, 2, 3])))
    assert rows.asked == [(0, None), (3, None)]
    assert (scan.found.ids, scan.has_read_new, bool(scan.failure)) == (seen([]).ids, False, True)
    assert scan.cursor == IdCursor(3, 0, seen([1, 2, 3]), scan.cursor.watermarks)


@pytest.mark.parametrize("limit", [None, 1])
def test_each_scan_finds_a_new_row_however_short_the_time_is(limit: int | None) -> None:
    """Late ones fill the page; the sweep over the older ids takes as many scans as pages."""
    rows = Rows(*range(1, 60))
    cursor, scans = IdCursor(9, 0, seen([2, 4, 9])), 0
    while len(cursor.seen) < len(rows.ids):
        scan = rows.scan(cursor, in_time=False, limit=limit)
        assert scan.found
        assert scan.has_read_new
        cursor, scans = scan.cursor, scans + 1
    assert scans <= len(rows.ids) // PAGE_SIZE + 1


def test_new_ids_are_found_however_short_the_time_is_also_where_ids_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Table.ids reads them from a JOIN: a page of ten rows has five ids."""
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 10)
    table = [*range(1, 9)]

    def ids(after: int, upto: int | None) -> IdPage:
        read = [id_ for id_ in table if id_ > after and (upto is None or id_ <= upto)]
        return IdPage(seen(read[:5]), complete=len(read) < 5)

    cursor = id_scan.scan(IdCursor.at(0), ids, 3600.0, lambda: 0.0, lambda: True).cursor
    assert cursor.top == 8
    table.append(9)
    found: list[int] = []
    for _ in range(10):
        seen_now = id_scan.scan(cursor, ids, 3600.0, lambda: 0.0, lambda: False)
        cursor = seen_now.cursor
        found += seen_now.found
    assert found == [9]
