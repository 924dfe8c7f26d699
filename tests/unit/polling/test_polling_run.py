"""A poll of a simulated table: commits come late, in any order, or never; replicas lag; the function is killed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler.errors import ConfigError, SourceError
from handler.model import Digest, Poll
from handler.polling import id_scan
from handler.polling import run as polling
from handler.polling.id_cursor import IdCursor, Sweep, Watermark
from handler.polling.id_scan import IdPage
from handler.polling.run import RunResult, run
from handler.polling.state import Pending, PolledEvent, PolledRow, PollState
from tests.poll_kit import ConflictError, Kept, Killed, OnlyIds, poll, seen

LONGEST = 100.0
DAY = 86_400.0
DEFAULT = poll(LONGEST, None)
# None commits later than that.
LATEST = LONGEST * 5


@dataclass
class Row:
    id: int
    allocated: float
    committed: float | None = None
    deleted: float | None = None

    def visible(self, at: float) -> bool:
        return self.committed is not None and self.committed <= at and (self.deleted is None or self.deleted > at)


class World:
    """A table, two replicas of it that are asked in turns, and a poll, at one moment of simulated time."""

    def __init__(self, random: Random, policy: Poll) -> None:
        self.random = random
        self.policy = policy
        self.now = 1_000_000.0
        self.skew = 0.0
        self.skews = False
        self.stride = random.choice([1, 3])
        self.table: list[Row] = []
        self.open: list[tuple[float, list[Row]]] = []
        self.replicas = [self.now, self.now]  # up to which moment each of them has come
        self.stopped = [False, False]
        self.kept = Kept()
        self.looked_at = self.now

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        for ends, rows in [entry for entry in self.open if entry[0] <= self.now]:
            self.open.remove((ends, rows))
            for row in rows:
                row.committed = ends
        for number, stopped in enumerate(self.stopped):
            if not stopped:
                self.replicas[number] = self.now

    def transaction(self) -> None:
        top = self.table[-1].id if self.table else 0
        rows = [Row(top + self.stride * number, self.now) for number in range(1, 1 + self.random.choice([1, 1, 2, 25]))]
        self.table += rows
        if self.random.random() < 0.8:
            self.open.append((self.now + self.random.choice([0, 1, LONGEST * 0.9, LATEST]), rows))

    def delete(self) -> None:
        if rows := [row for row in self.table if row.visible(self.now)]:
            self.random.choice(rows[-3:]).deleted = self.now

    def stop_or_start(self) -> None:
        number = self.random.randrange(2)
        self.stopped[number] = not self.stopped[number]

    def skew_clock(self) -> None:
        self.skews = True
        self.skew = self.random.choice([0.0, 5.0, -500.0])

    def poll_badly(self, state: PollState | None = None) -> None:
        """Poll, with a time limit and a kill at some step; from an older state, as a second run beside it would."""
        self.kept.effects_left = self.random.choice([-1, 1, 2, 3, 4, 5, 6])
        with contextlib.suppress(Killed, ConflictError):
            self.run(state or self.kept.state, self.random.choice([2, 4, 1_000]))
        self.kept.effects_left = -1

    def poll_twice(self) -> None:
        old = self.kept.state
        self.poll_badly()
        self.poll_badly(old)

    def poll_well(self) -> None:
        """One run reports every visible row whose id was allocated within the longest transaction; none is late."""
        while self.kept.state.pending:
            self.run(self.kept.state)
        number = self.random.randrange(2)
        young = {row.id for row in self.table if self.now - row.allocated <= LONGEST}
        there = {row.id for row in self.table if row.visible(self.replicas[number])}
        before = len(self.kept.sent)
        self.run(self.kept.state, number=number)
        found = self.kept.sent[before:]
        if self.skews:
            return
        assert not any(isinstance(finding, PolledRow) and finding.late and finding.id in young for finding in found)
        if not self.kept.digests():
            assert young & there <= self.kept.rows()

    def run(self, state: PollState, pages: int = 1_000, number: int | None = None) -> None:
        left = iter(range(pages))
        replica = self.random.randrange(2) if number is None else number

        def ids(after: int, upto: int | None) -> IdPage:
            found = reading({row.id for row in self.table if row.visible(self.replicas[replica])})(after, upto)
            if number is None and self.random.random() < 0.2:  # each SELECT has a snapshot of its own
                self.pass_time(0.1)
            return found

        clock = lambda: self.now + self.skew  # noqa: E731
        run(state, self.looked_at, OnlyIds(ids), self.kept, self.kept, self.policy, clock, lambda: next(left, -1) >= 0)
        self.looked_at = clock()

    def settle(self) -> None:
        """All transactions end, the replicas catch up, and the poll has the time for two passes over all ids.

        The first of them may have begun before.
        """
        self.stopped = [False, False]
        self.pass_time(LATEST)
        for _ in range(2 * (len(self.table) // id_scan.PAGE_SIZE + 10)):
            self.run(self.kept.state)
        assert self.kept.state.pending is None


@pytest.fixture
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 3)
    monkeypatch.setattr(id_scan, "SWEEP_PAGES", 1)
    monkeypatch.setattr(polling, "BATCH", 2)


@pytest.mark.usefixtures("_small_steps")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 2**32),
    st.one_of(st.lists(st.integers(0, 11), max_size=60), st.lists(st.integers(0, 10), max_size=60)),
    st.sampled_from([poll(LONGEST, None), poll(LONGEST, 6), poll(LONGEST, 6, 50.0)]),
)
@example(2251, [0, 0, 5, 9, 0, 0, 0, 5, 0, 0, 0, 0, 10, 5, 8], poll(LONGEST, 6))
def test_every_committed_row_is_reported_once(seed: int, steps: list[int], policy: Poll) -> None:
    world = World(Random(seed), policy)
    actions = [
        *[world.transaction] * 3,
        world.delete,
        world.stop_or_start,
        *[lambda: world.pass_time(30)] * 3,
        world.poll_badly,
        world.poll_twice,
        *[world.poll_well] * 2,
        world.skew_clock,
    ]
    for step in steps:
        actions[step]()
    world.settle()
    there = {row.id for row in world.table if row.visible(world.now)}
    ever = {row.id for row in world.table if row.committed is not None}
    rows, digests = world.kept.rows(), world.kept.digests()
    assert rows <= ever
    assert digests or there <= rows
    assert len(there) <= len(rows) + sum(digest.count for digest in digests) <= len(ever)


def reading(table: set[int]) -> id_scan.ReadIds:
    """What a database with these rows answers."""

    def ids(after: int, upto: int | None) -> IdPage:
        found = sorted(id_ for id_ in table if id_ > after and (upto is None or id_ <= upto))
        return IdPage(seen(found[: id_scan.PAGE_SIZE]), complete=len(found) < id_scan.PAGE_SIZE)

    return ids


class Fixed:
    """A table whose rows are set by hand; a run of its poll takes no time."""

    def __init__(self, policy: Poll = DEFAULT) -> None:
        self.kept = Kept()
        self.policy = policy
        self.table: set[int] = set()
        self.looked_at = 0.0
        self.pages = self.fails_at = 0
        self.ran = RunResult(self.kept.state, more=False)

    def run(self, now: float, pages: int = 1_000) -> list[PolledEvent]:
        before = len(self.kept.sent)
        self.pages = 0

        def ids(after: int, upto: int | None) -> IdPage:
            self.pages += 1
            if self.pages == self.fails_at:
                raise SourceError("DB_TIMEOUT", "too long")
            return reading(self.table)(after, upto)

        kept, in_time = self.kept, lambda: self.pages < pages
        self.ran = run(kept.state, self.looked_at, OnlyIds(ids), kept, kept, self.policy, lambda: now, in_time)
        self.looked_at = now if self.ran.scanned else self.looked_at
        return self.kept.sent[before:]


@pytest.mark.parametrize(("after", "late"), [(LONGEST - 1, False), (LONGEST, False), (LONGEST + 1, True)])
def test_a_row_that_comes_after_the_longest_transaction_is_late(after: float, late: bool) -> None:
    table = Fixed()
    table.table = {1, 2, 5}
    assert table.run(0.0) == [PolledRow(1, False), PolledRow(2, False), PolledRow(5, False)]
    table.table |= {3, 6}
    assert table.run(after) == [PolledRow(3, late), PolledRow(6, False)]


@pytest.mark.parametrize(
    ("policy", "rows", "after", "digest"),
    [
        (poll(LONGEST, 3), 3, 10.0, False),
        (poll(LONGEST, 3), 4, 10.0, True),
        (poll(LONGEST, None), 4, 10.0, False),
        (poll(LONGEST, None, 60.0), 4, 60.0, False),
        (poll(LONGEST, None, 60.0), 4, 61.0, True),
        (poll(LONGEST, None, 60.0), 1, 61.0, False),
        (poll(LONGEST, 3, 60.0), 4, 10.0, True),
    ],
)
def test_many_rows_and_rows_after_a_long_pause_become_one_digest(
    policy: Poll, rows: int, after: float, digest: bool
) -> None:
    table = Fixed(policy)
    table.run(1.0)
    table.table = set(range(10, 10 + rows))
    found = table.run(1.0 + after)
    if digest:
        assert found == [Digest(table.kept.state.revision - 1, rows, 0, 10, 9 + rows)]
    else:
        assert found == [PolledRow(id_, False) for id_ in range(10, 10 + rows)]


def test_rows_of_a_digest_can_be_late() -> None:
    table = Fixed(poll(LONGEST, 2))
    table.table = {1, 9}
    table.run(0.0)
    table.table |= {4, 5, 10}
    assert table.run(LONGEST + 1) == [Digest(3, 3, 2, 4, 10)]


def test_a_run_that_finds_nothing_says_nothing_and_writes_nothing() -> None:
    table = Fixed()
    table.table = {1, 2}
    table.run(0.0)
    table.run(30.0)
    revision = table.kept.state.revision
    assert table.run(60.0) == []
    assert table.kept.state.revision == revision
    assert (table.ran.found, table.ran.more) == (0, False)


@pytest.mark.parametrize("selects", [1, 2, 5, 10, 11, 20])
@pytest.mark.parametrize("rows", [0, 1, 28, 60, 600])
def test_new_rows_are_not_held_up_by_old_ones_however_short_the_time_is(
    monkeypatch: pytest.MonkeyPatch, rows: int, selects: int
) -> None:
    """Nor old ones by new ones: a run that has begun always reads one page of each."""
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 3)
    table = Fixed()
    table.table = set(range(2, 2 + rows))
    table.run(0.0)
    for turn in range(1, 10):
        table.table.add(1_000 + turn)
        table.run(float(turn), selects)
        assert table.pages <= max(2, selects)
        table.run(float(turn), 1_000)
        assert PolledRow(1_000 + turn, False) in table.kept.sent
    table.table.add(1)
    for turn in range(10, 400):
        table.run(float(turn), 1 if table.kept.state.pending else selects)
    assert 1 in table.kept.rows()


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("growth", [2, 3, 12])
def test_no_id_is_given_up_before_it_was_missing_for_a_month(growth: int) -> None:
    """Also if the poll stands still in the middle of a pass, and if the table grows faster than a pass goes on."""
    table = Fixed()
    late: list[int] = []
    for day in range(150):
        first = day * growth + 1
        table.table |= set(range(first + 1, first + growth))
        if day % 40 != 20:
            table.run(day * DAY)
        late.append(first)
        if day >= 3:
            table.table.add(late[day - 3])  # its transaction took three days
    assert set(late[:20]) <= table.kept.rows()
    for day in range(150, 150 + 100 * growth):
        table.run(day * DAY)
    assert set(late[:147]) <= table.kept.rows()


@pytest.mark.usefixtures("_small_steps")
def test_a_pause_in_the_middle_of_a_pass_gives_no_id_up() -> None:
    table = Fixed()
    table.table = {1, 3, 4, 5}
    table.run(0.0)
    table.table |= set(range(6, 101))
    for turn in range(1, 5):
        table.run(turn * 60.0)
    assert table.kept.state.cursor.sweep
    assert 5 < table.kept.state.cursor.sweep.at < 100
    table.table.add(2)
    for turn in range(200):
        table.run(31 * DAY + turn * 60)
    assert 2 in table.kept.rows()


def test_after_a_long_pause_one_look_gives_nothing_up_that_it_has_not_read() -> None:
    table = Fixed()
    table.table = {1, 3, 4}
    table.run(0.0)
    table.table |= {2, 5}
    assert table.run(60 * DAY) == [PolledRow(2, True), PolledRow(5, False)]


def test_a_run_without_time_changes_nothing() -> None:
    table = Fixed()
    table.table = {1}
    before = table.kept.state
    assert table.run(5.0, 0) == []
    assert table.kept.state == before


@pytest.mark.parametrize("at", range(1, 8))
@pytest.mark.usefixtures("_small_steps")
def test_what_was_read_before_a_select_fails_is_sent(at: int) -> None:
    table = Fixed()
    table.table = set(range(1, 20))
    table.run(0.0)
    table.table |= {25, 26}
    table.fails_at = at
    table.run(LONGEST / 2)
    assert table.ran.failure
    assert table.ran.failure.code == "DB_TIMEOUT"
    assert (table.kept.rows() >= {25, 26}) == (at > 1)
    assert (table.looked_at, table.kept.state.pending) == (LONGEST / 2 if at > 1 else 0.0, None)
    table.fails_at = 0
    table.run(LONGEST * 3)
    assert table.kept.rows() == table.table


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("sweep", range(0, 30, 2))
def test_a_look_reads_all_ids_of_recent_transactions_wherever_the_pass_over_the_older_ones_is(sweep: int) -> None:
    marks = (Watermark(0.0, 10), Watermark(1.9 * LONGEST, 30))
    for id_ in range(11, 31):
        cursor = IdCursor(30, 0, seen(set(range(1, 31)) - {id_}), marks, Sweep(sweep, 30, LONGEST))
        looked = id_scan.scan(cursor, reading(set(range(1, 31))), LONGEST, lambda: 2 * LONGEST, lambda: True)
        assert list(looked.found) == [id_]
        assert not looked.late


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("batches", [0, 1, 2, 3, 4])
def test_what_the_queue_has_not_accepted_in_time_is_sent_by_the_next_run(batches: int) -> None:
    kept = Kept(
        PollState(
            IdCursor(7, 0, seen(range(1, 8))), Pending(tuple(PolledRow(id_, id_ in {2, 6}) for id_ in range(1, 8)))
        )
    )
    left = iter(range(batches))
    table = reading(set(range(1, 8)))
    ran = run(kept.state, 0.0, OnlyIds(table), kept, kept, DEFAULT, lambda: 1.0, lambda: next(left, -1) >= 0)
    assert sorted(kept.rows()) == list(range(1, 8))[: 2 * batches]
    assert ran.more
    run(kept.state, 0.0, OnlyIds(table), kept, kept, DEFAULT, lambda: 1.0, lambda: True)
    assert kept.sent == [PolledRow(id_, id_ in {2, 6}) for id_ in range(1, 8)]
    assert kept.state.pending is None


def test_ids_that_never_appear_are_given_up_after_a_month() -> None:
    table = Fixed()
    for day in range(40):
        table.table.add(2 * day + 1)
        table.run(day * DAY)
    cursor = table.kept.state.cursor
    assert 0 < cursor.floor < cursor.bound(39 * DAY, LONGEST) < cursor.top == 79
    assert cursor.floor == 2 * 8 + 1  # read on day 8, which is more than 30 days ago
    assert list(cursor.seen) == list(range(cursor.floor + 2, 80, 2))
    assert len(cursor.watermarks) <= 33
    table.table |= {cursor.floor - 1, cursor.floor + 1}
    assert table.run(40 * DAY) == [PolledRow(cursor.floor + 1, True)]


def test_marks_stay_few_at_a_run_each_minute() -> None:
    table = Fixed(poll(DAY, None))
    for minute in range(0, 4 * 1440, 10):
        table.table.add(minute + 1)
        table.run(minute * 60.0)
        bound = table.kept.state.cursor.bound(minute * 60.0, DAY)
        assert bound == 0 if minute <= 1440 else minute - 1440 - 40 <= bound <= minute - 1440
    assert len(table.kept.state.cursor.watermarks) <= 48 + 5


@pytest.mark.usefixtures("_small_steps")
def test_a_part_that_can_never_be_read_holds_no_other_part_up() -> None:
    """As if one of the older ids made the SELECT too slow: rows that commit late are found, and none is late for it."""
    kept = Kept()
    table = {*range(1, 40)}

    def ids(after: int, upto: int | None) -> IdPage:
        if upto is not None and after < 5:
            raise SourceError("DB_TIMEOUT", "too long")
        return reading(table)(after, upto)

    clock = [0.0]
    for number in range(100, 200, 2):
        clock[0] += 20.0
        ran = run(kept.state, clock[0] - 20.0, OnlyIds(ids), kept, kept, DEFAULT, lambda: clock[0], lambda: True)
        table |= {number + 1, number - 2}  # the second was open in the run before
    assert ran.failure
    assert set(range(100, 194)) <= kept.rows() | {195}
    assert not any(isinstance(one, PolledRow) and one.late for one in kept.sent)


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("accepted", range(1, 8))
def test_what_the_queue_accepted_before_it_refused_is_not_sent_again(accepted: int) -> None:
    class Refusing(Kept):
        def send(self, events: Sequence[PolledEvent], epoch: int) -> None:
            if len(self.sent) >= 2 * accepted:
                raise ConfigError("CONFIG_UNAVAILABLE", "the queue")
            super().send(events, epoch)

    kept = Refusing()
    with pytest.raises(ConfigError):
        run(kept.state, 0.0, OnlyIds(reading(set(range(1, 20)))), kept, kept, DEFAULT, lambda: 0.0, lambda: True)
    assert isinstance(kept.state.pending, Pending)
    assert [row.id for row in kept.state.pending.rows] == [*range(2 * accepted + 1, 20)]


def test_all_rows_after_a_long_pause_are_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those for which the time of one run is too short, and no matter how many events a run may send."""
    monkeypatch.setattr(polling, "MAX_EVENTS", 10)
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 5)
    table = Fixed(poll(LONGEST, None, 60.0))
    table.run(1.0)
    table.table = set(range(1, 101))
    assert table.run(101.0) == [Digest(table.kept.state.revision - 1, 100, 0, 1, 100)]


def test_a_run_finds_no_more_events_than_fit_into_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "MAX_EVENTS", 10)
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 5)
    table = Fixed()
    table.table = set(range(1, 101))
    runs = [len(table.run(float(number))) for number in range(12)]
    assert max(runs) <= 10 + 2 * 5
    assert table.kept.rows() == table.table


def test_a_run_finds_no_more_pieces_of_the_bitmap_than_fit_into_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "MAX_CHUNKS", 4)
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 2)
    table = Fixed(poll(LONGEST, 1))
    table.table = {number << 16 for number in range(1, 40)}
    while not table.kept.sent or table.ran.more:
        before = table.kept.state.cursor.seen
        table.run(0.0)
        assert len((table.kept.state.cursor.seen - before).chunks) <= 4 + 2 * 2
    assert sum(one.count for one in table.kept.digests()) == 39


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize(
    ("fails", "most", "selects"),
    [(False, None, 1 + 1 + 9), (True, None, 1 + id_scan.MAX_FAILURES), (False, 1, 1 + 1)],
    ids=["all pieces", "none can be read", "enough was found"],
)
def test_recent_ids_are_read_in_pieces_until_there_is_no_point_in_it(
    fails: bool, most: int | None, selects: int
) -> None:
    """A database that does not answer lets each SELECT wait; and what does not fit into the state is left unread."""
    marks = tuple(Watermark(float(number), 3 * number) for number in range(1, 11))
    cursor = IdCursor(30, 0, seen(range(1, 31, 2)), marks, Sweep(0, 30, 0.0))
    asked: list[int | None] = []

    def ids(after: int, upto: int | None) -> IdPage:
        asked.append(upto)
        if fails and upto is not None:
            raise SourceError("DB_TIMEOUT", "too long")
        if after == 0:  # the pass over the older ids, which comes as far as the first piece
            return IdPage(seen([3]), complete=False)
        return IdPage(seen([31] if upto is None else []), complete=True)

    id_scan.scan(cursor, ids, LONGEST, lambda: 20.0, lambda: True, limit=most)
    assert len(asked) == selects


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("looked_at", [0.0, 31 * DAY, 80 * DAY])
def test_a_clock_that_has_jumped_is_not_remembered_and_gives_no_id_up(looked_at: float) -> None:
    """It may be wrong, by 40 days or by 49: what was read is kept all the same."""
    marks = (Watermark(0.0, 10), Watermark(1.0, 12))
    kept = Kept(PollState(IdCursor(12, 0, seen([3, *range(6, 13)]), marks, Sweep(9, 12, 40 * DAY - 1.0))))
    table = reading({3, 4, *range(6, 14)})
    run(kept.state, looked_at, OnlyIds(table), kept, kept, DEFAULT, lambda: 40 * DAY, lambda: True)
    cursor = kept.state.cursor
    assert 13 in kept.rows()
    assert (cursor.watermarks, cursor.floor, cursor.sweep) == (marks, 0, None)
    run(kept.state, 40 * DAY, OnlyIds(table), kept, kept, DEFAULT, lambda: 40 * DAY + 1, lambda: True)
    assert 4 in kept.rows()


MARKED = IdCursor(100, 0, seen([]), tuple(Watermark(float(top), top) for top in (10, 20, 50, 55, 90, 100)))


@pytest.mark.parametrize(
    ("after", "least", "pieces"),
    [
        (0, 1, [(90, 100), (55, 90), (50, 55), (20, 50), (10, 20), (0, 10)]),
        (0, 10, [(90, 100), (55, 90), (20, 55), (10, 20), (0, 10)]),
        (0, 40, [(55, 100), (10, 55), (0, 10)]),
        (0, 1000, [(0, 100)]),
        (50, 10, [(90, 100), (55, 90), (50, 55)]),
        (95, 1, [(95, 100)]),
        (100, 1, [(100, 100)]),
    ],
)
def test_a_range_is_cut_where_its_pieces_are_large_enough(
    after: int, least: int, pieces: list[tuple[int, int]]
) -> None:
    assert MARKED.ranges(after, least) == pieces


@pytest.mark.parametrize(("bound", "count"), [(0, 49), (60, 20), (99, 1), (100, 0), (500, 0)])
def test_of_the_ids_that_are_given_up_those_count_that_could_still_appear(bound: int, count: int) -> None:
    before = IdCursor(200, 2, seen(range(1, 201, 2)))
    assert before.with_floor(100).given_up(before, bound) == count
    assert before.given_up(before, bound) == 0
