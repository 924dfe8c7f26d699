"""A poll by a time column of a simulated table: replicas lag and take turns, and the function is killed."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.errors import NotifierError, SourceError
from handler.local_time import digits, moment
from handler.model import Digest, Poll
from handler.polling import messages, state_item, time_cursor, time_scan
from handler.polling import run as polling
from handler.polling.id_cursor import IdCursor
from handler.polling.run import run
from handler.polling.state import Pending, PolledEvent, PolledRow, PollState
from handler.polling.time_cursor import CLOCK_SLACK, SECOND, StartPosition, TimeCursor, TimedRow, row_source
from handler.polling.time_scan import TimePage
from handler.state_item import Item
from tests.poll_kit import ConflictError, Kept, Killed

LONGEST = 5_000.0
POLL = Poll("", 60.0, longest=LONGEST, digest_rows=None, at="settled_at")
BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()  # half an hour before 03:00
SPRING = datetime(2026, 3, 29, 0, 30, tzinfo=UTC).timestamp()  # half an hour before 02:00


def place(row: TimedRow) -> tuple[str, str]:
    """Where the database has a row, with a collation for which `a` and `A` are the same."""
    return row.text, str(row.id).lower()


@dataclass
class Version:
    """A row as it was committed: its time, as microseconds, or None."""

    committed: float
    at: int | None


@dataclass
class Table:
    """poll.Rows, of which a replica shows what was committed until a moment. `local` is the zone of a DATETIME."""

    rows: dict[int | str, list[Version]] = field(default_factory=dict)
    until: float = float("inf")
    clock: float = 0.0
    local: ZoneInfo | None = None
    reads: int = 0

    def shown(self) -> list[TimedRow]:
        found = []
        for id_, versions in self.rows.items():
            at = [one.at for one in versions if one.committed <= self.until][-1:]
            if at and at[0] is not None:
                found.append(self._stored(id_, at[0]))
        return sorted(found, key=place)

    def page(self, begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        self.reads += 1
        rows = self.shown()
        if begin and begin.row:
            edge = place(begin.row)
            rows = [row for row in rows if (place(row) <= edge if backwards else place(row) >= edge)]
        elif begin:
            text = self._text(begin.at)
            rows = [row for row in rows if row.text >= text]
        if backwards:
            rows.reverse()
        some = rows[: time_scan.PAGE_SIZE]
        now = round(self.clock * SECOND) if some else None
        return TimePage(some, now, len(some) < time_scan.PAGE_SIZE, "time" if some else "")

    def _stored(self, id_: int | str, at: int) -> TimedRow:
        text = self._text(at)
        if self.local is None:
            return TimedRow(id_, at, text)
        read = moment(datetime.fromisoformat(text), self.local)
        return TimedRow(id_, (read - time_cursor.EPOCH) // timedelta(microseconds=1), text)

    def _text(self, at: int) -> str:
        return digits(time_cursor.EPOCH + timedelta(microseconds=at), self.local or UTC).isoformat(" ", "microseconds")

    def created(self, ids: object) -> dict[int, str]:
        raise AssertionError

    behind = ids = changed = created


class World:
    """A table, two replicas of it that are asked in turns, and a poll with a clock that may be wrong."""

    def __init__(self, random: Random, policy: Poll = POLL, *, at: float = 1e9, local: ZoneInfo | None = None) -> None:
        self.random, self.policy = random, policy
        self.now = self.looked_at = at
        self.table = Table(local=local)
        self.replicas, self.stopped = [at, at], [False, False]
        self.skew = 0.0
        cursor = time_scan.first_cursor(self.table.page, LONGEST, round(at * SECOND), row_source(policy))
        self.kept = Kept(PollState(IdCursor.at(0), timed=cursor))

    def pass_time(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.replicas = [at if stopped else self.now for at, stopped in zip(self.replicas, self.stopped, strict=True)]

    def wait(self) -> None:
        self.pass_time(self.random.choice([0, 30, 700, 3000, LONGEST]))

    def insert(self, ahead: float = 0.0) -> None:
        self.pass_time(self.random.choice([0, 0, 1]))
        id_ = f"{self.random.choice('aAbB')}{len(self.table.rows) // 2}"
        if id_ not in self.table.rows:
            self.table.rows[id_] = []
            self.set_time(id_, ahead)

    def insert_ahead(self) -> None:
        self.insert(self.random.choice([60, 5_000, 60_000, 1e6]))

    def set_time(self, id_: int | str, ahead: float = 0.0) -> None:
        """A transaction that began just now; the rows of others commit before it or after it."""
        at = round((self.now + ahead + self.random.choice([0, 0, -0.25])) * SECOND)
        last = max((one.committed for one in self.table.rows[id_]), default=0.0)
        if last <= self.now:
            committed = self.now + self.random.choice([0, 0, 3, LONGEST])
            self.table.rows[id_].append(Version(committed, at))

    def move(self) -> None:
        if self.table.rows:
            self.set_time(self.random.choice([*self.table.rows]))

    def stop_or_start(self) -> None:
        number = self.random.randrange(2)
        self.stopped[number] = not self.stopped[number]

    def set_clock(self) -> None:
        self.skew = self.random.choice([0.0, 3600.0, 86_400.0, -86_400.0])

    def poll_badly(self, state: PollState | None = None) -> None:
        self.kept.effects_left = self.random.choice([-1, *range(1, 7)])
        with contextlib.suppress(Killed, ConflictError):
            self.run(state or self.kept.state, self.random.choice([2, 3, 4, 1_000]))
        self.kept.effects_left = -1

    def poll_twice(self) -> None:
        old = self.kept.state
        self.poll_badly()
        self.poll_badly(old)

    def poll(self) -> None:
        self.run(self.kept.state)

    def run(self, state: PollState, steps: int = 1_000_000) -> polling.RunResult:
        left = iter(range(steps))
        shown = replace(self.table, until=self.random.choice(self.replicas), clock=self.now)
        clock = self.now + self.skew
        in_time = lambda: next(left, -1) >= 0  # noqa: E731
        ran = run(state, self.looked_at, shown, self.kept, self.kept, self.policy, lambda: clock, in_time)
        self.looked_at = clock
        return ran

    def settle(self) -> None:
        self.stopped = [False, False]
        self.pass_time(LONGEST)
        for _ in range(len(self.table.rows) + 5):
            self.poll()
        assert self.kept.state.pending is None
        sent = len(self.kept.sent)
        before = self.kept.state
        self.poll()
        assert len(self.kept.sent) == sent
        assert self.kept.state == before

    def told(self) -> set[tuple[int | str, str | None]]:
        return {(one.id, one.key) for one in self.kept.sent if isinstance(one, PolledRow)}


@pytest.fixture
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 3)
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 4 * 45)
    monkeypatch.setattr(polling, "BATCH", 2)


def actions_of(world: World, *, lagging: bool) -> list[object]:
    return [
        *[world.insert] * 4,
        *([world.move] * 2 if world.policy.identity else []),
        world.stop_or_start if lagging else world.insert_ahead,
        world.wait,
        world.set_clock,
        world.poll_badly,
        world.poll_twice,
        *[world.poll] * 2,
    ]


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("identity", ["", "at"])
@pytest.mark.parametrize("lagging", [True, False], ids=["lagging", "ahead"])
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 13), max_size=80), st.sampled_from([None, AUTUMN, SPRING]))
def test_every_row_is_reported_once(
    identity: str, lagging: bool, seed: int, steps: list[int], start: float | None
) -> None:
    local = None if start is None else BERLIN
    world = World(Random(seed), replace(POLL, identity=identity), at=start or 1e9, local=local)
    actions = actions_of(world, lagging=lagging)
    for step in steps:
        actions[step % len(actions)]()
    world.settle()
    shown = world.table.shown()
    keys = {(row.id, time_cursor.moment(row.at) if identity else None) for row in shown}
    assert keys <= world.told()
    ever = {(id_, None) for id_ in world.table.rows}
    if not identity:
        assert world.told() <= ever
        assert len(keys) == len(world.told())


def row(id_: int | str, at: float) -> TimedRow:
    return TimedRow(id_, round(at * SECOND), f"{at:020.6f}")


def microseconds(at: float) -> int:
    return round(at * SECOND)


def fixed(rows: Sequence[TimedRow], now: float = 1e9) -> Table:
    table = Table(clock=now)
    table.rows = {one.id: [Version(0.0, one.at)] for one in rows}
    return table


def scanned(
    cursor: TimeCursor, table: Table, singles: int | None = None, *, in_time: bool = True
) -> time_scan.TimeScan:
    return time_scan.scan(cursor, table.page, LONGEST, microseconds(table.clock), lambda: in_time, singles)


def begun(table: Table, by: str = "settled_at") -> TimeCursor:
    return time_scan.first_cursor(table.page, LONGEST, microseconds(table.clock), by)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7])
@pytest.mark.usefixtures("_small_steps")
def test_the_first_run_takes_what_is_there_as_seen(rows: int) -> None:
    now = 1e9
    table = fixed([row(number, now - number * 3_000) for number in range(rows)] + [row("ahead", now + 500)])
    cursor = begun(table)
    assert cursor.watermark == microseconds(now)
    assert scanned(cursor, table).found == []
    assert scanned(cursor, table).cursor == cursor
    table.rows["late"] = [Version(0.0, microseconds(now - LONGEST - 1))]
    table.rows["too late"] = [Version(0.0, microseconds(now - LONGEST - 3_601))]
    table.rows["in time"] = [Version(0.0, microseconds(now - LONGEST))]
    seen = scanned(cursor, table)
    assert [one.id for one in seen.found] == ["late", "in time"]
    assert [one.id for one in seen.late] == ["late"]


def test_a_quiet_table_is_read_from_its_latest_row_on() -> None:
    table = fixed([row("old", 1e9 - 1e7)])
    cursor = begun(table)
    assert cursor.watermark == microseconds(1e9 - 1e7)
    table.rows["backdated"] = [Version(0.0, microseconds(1e9 - 1e6))]
    assert [one.id for one in scanned(cursor, table).found] == ["backdated"]


@pytest.mark.parametrize(("ahead", "behind"), [(86_400, 0), (0, 86_400)], ids=["poller ahead", "database ahead"])
@pytest.mark.parametrize("first", [True, False])
def test_a_clock_that_is_ahead_does_not_move_the_window_past_rows_to_come(
    ahead: float, behind: float, first: bool
) -> None:
    rows = [row("now", 1e9), row("in the future", 1e9 + 40_000)]
    table = fixed(rows if first else [], now=1e9 + behind)
    cursor = time_scan.first_cursor(table.page, LONGEST, microseconds(1e9 + ahead), "at")
    if not first:
        table = fixed(rows, now=1e9 + behind)
        cursor = TimeCursor(0, "at")
    cursor = time_scan.scan(cursor, table.page, LONGEST, microseconds(1e9 + ahead), lambda: True, None).cursor
    assert cursor.watermark == microseconds(1e9)


@pytest.mark.usefixtures("_small_steps")
def test_a_look_without_time_comes_further_than_the_one_before() -> None:
    table = fixed([row(number, 1e9 - 100 + number) for number in range(20)])
    cursor = begun(table)
    table.rows |= {100 + number: [Version(0.0, microseconds(1e9 - 50 + number))] for number in range(20)}
    found: list[int | str] = []
    for _ in range(20):
        seen = scanned(cursor, table, in_time=False)
        cursor, found = seen.cursor, [*found, *(one.id for one in seen.found)]
    assert sorted(map(int, found)) == [*range(100, 120)]
    assert not seen.more


def test_a_row_that_seems_to_move_back_is_remembered_as_long_as_before() -> None:
    """A lagging replica shows the time that it had before; with its id as its identity it stays one event."""
    cursor = begun(fixed([row("x", 1e9 - 5_000)]))
    late = fixed([row("x", 1e9), row("y", 1e9)])
    cursor = scanned(cursor, late).cursor
    cursor = scanned(cursor, fixed([row("x", 1e9 - 5_000)])).cursor
    lagging = fixed([row("x", 1e9 - 5_000), row("z", 1e9 + 6_000)], now=1e9 + 6_000)
    seen = scanned(cursor, lagging)
    assert [one.id for one in seen.found] == ["z"]
    assert scanned(seen.cursor, fixed([row("x", 1e9), row("y", 1e9)], now=1e9 + 6_000)).found == []


@pytest.mark.parametrize(("text", "moment"), [("02:30", "03:30"), ("03:10", "03:10")])
def test_a_local_time_that_is_skipped_stands_out_of_order_and_is_found(text: str, moment: str) -> None:
    """On 2026-03-29 Berlin's clock goes from 02:00 to 03:00, and a DATETIME may hold 02:30 all the same."""
    at = datetime.fromisoformat(f"2026-03-29T{moment}+02:00").timestamp()
    mark = microseconds(at + LONGEST)
    one = TimedRow("x", microseconds(at), f"2026-03-29 {text}:00.000000")

    def page(begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        assert begin
        text = digits(time_cursor.EPOCH + timedelta(microseconds=begin.at), BERLIN).isoformat(" ", "microseconds")
        return TimePage([one] if one.text >= text else [], mark, complete=True)

    cursor = TimeCursor(mark + CLOCK_SLACK - SECOND, "settled_at", "time")
    assert time_scan.scan(cursor, page, LONGEST, mark, lambda: True, None).found == [one]


@pytest.mark.usefixtures("_small_steps")
def test_more_rows_than_can_be_remembered_raise_the_floor_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them with one time, as after an UPDATE of the whole table."""
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 7)
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 1_000_000)
    cursor = begun(fixed([]))
    table = fixed([row(f"r{number:03}", 1e9) for number in range(100)])
    seen = scanned(cursor, table)
    assert len(seen.found) == 100
    assert seen.given_up == 93
    assert len(seen.cursor.seen) == 7
    assert seen.cursor.floor
    assert seen.cursor.floor.row
    assert seen.cursor.floor.row.id == "r093"
    again = scanned(seen.cursor, table)
    assert (again.found, again.given_up, again.cursor) == ([], 0, seen.cursor)
    table.rows |= {"r0": [Version(0.0, microseconds(1e9))], "r0935": [Version(0.0, microseconds(1e9))]}
    assert [one.id for one in scanned(seen.cursor, table).found] == ["r0935"]  # the other one stands before the floor
    moved = scanned(seen.cursor, table).cursor
    for after, reads in ((LONGEST + 3_600 + 3_599, 5), (LONGEST + 3_600 + 3_601, 1)):
        later = fixed([*table.shown(), row(f"z{after}", 1e9 + after)], now=1e9 + after)
        seen = scanned(moved, later)
        moved = scanned(seen.cursor, later).cursor
        assert [one.id for one in seen.found] == [f"z{after}"]
        later.reads = 0
        scanned(moved, later)
        assert later.reads == reads  # no row that is forgotten is read again
    assert moved.floor is None


@pytest.mark.usefixtures("_small_steps")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 13), max_size=60))
def test_the_state_never_has_more_rows_than_it_may(seed: int, steps: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time_cursor, "MAX_SEEN", 5)
        world = World(Random(seed))
        actions = actions_of(world, lagging=True)
        for step in steps:
            actions[step % len(actions)]()
            world.skew = 0.0
            assert world.kept.state.timed
            assert len(world.kept.state.timed.seen) <= 5
        world.stopped = [False, False]
        world.pass_time(LONGEST)
        for _ in range(100):
            world.poll()
        assert world.told() <= {(id_, None) for id_ in world.table.rows}


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("first", [True, False])
def test_too_many_rows_in_the_future_hold_the_poll(first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 7)
    monkeypatch.setattr(time_scan, "FOUND_BYTES", 1_000_000)
    table = fixed([row(number, 1e9 + 1 + number) for number in range(100)])
    with pytest.raises(SourceError, match="POLL_TIMES_UNFIT"):
        begun(table) if first else scanned(begun(fixed([row("x", 1e9)])), table)


@pytest.mark.usefixtures("_small_steps")
def test_rows_that_the_database_repeats_end_a_look() -> None:
    cursor = begun(fixed([]))
    same = row("x", 1e9)
    seen = time_scan.scan(
        cursor,
        lambda *_, **__: TimePage([same] * 3, microseconds(1e9), complete=False),
        LONGEST,
        same.at,
        lambda: True,
        None,
    )
    assert seen.found == [same]
    assert seen.failure
    assert seen.failure.code == "QUERY_INVALID"


def test_an_id_that_no_event_can_have_is_counted_and_named_and_the_others_are_found() -> None:
    world = World(Random(1))
    fine = ["a", "失" * 200, "two\nlines", " ", 7, -5, 2**63]
    for id_ in [*fine, "", "x" * 201]:
        world.table.rows[id_] = [Version(0.0, microseconds(world.now))]
    ran = world.run(world.kept.state)
    assert sorted(map(str, (id_ for id_, _ in world.told()))) == sorted(map(str, fine))
    assert (ran.found, ran.given_up) == (7, 2)
    assert ran.failure
    assert ran.failure.code == "POLL_ID_UNFIT"
    assert ran.scanned
    again = world.run(world.kept.state)
    assert (again.found, again.given_up, again.failure) == (0, 0, None)


def test_a_failure_in_the_middle_keeps_what_was_read() -> None:
    table = fixed([row(number, 1e9) for number in range(time_scan.PAGE_SIZE + 1)])
    cursor, calls = begun(fixed([row("x", 1e9)])), []

    def page(begin: StartPosition | None, *, backwards: bool = False) -> TimePage:
        calls.append(begin)
        if len(calls) == 3:  # the second one is for the row that last moved the watermark
            raise SourceError("DB_TIMEOUT")
        return table.page(begin)

    seen = time_scan.scan(cursor, page, LONGEST, microseconds(1e9), lambda: True, 5)
    assert len(seen.found) == time_scan.PAGE_SIZE
    assert seen.failure
    assert not seen.has_read_new
    assert [one.id for one in scanned(seen.cursor, table).found] == [time_scan.PAGE_SIZE - 1001]


def test_many_rows_are_one_digest_with_the_ids_of_the_first_and_the_last() -> None:
    world = World(Random(1), replace(POLL, digest_rows=2))
    world.table.rows = {id_: [Version(0.0, microseconds(world.now + n))] for n, id_ in enumerate(["c", "a", "b"])}
    world.poll()
    assert world.kept.sent == [Digest(world.kept.state.revision - 1, 3, 0, "c", "b")]
    [finding] = world.kept.sent
    assert '"event_id": "t/digest/c-b/' in messages.event("t", finding, 0)


def test_after_a_pause_two_rows_are_a_digest_and_one_is_not() -> None:
    world = World(Random(1), replace(POLL, digest_seconds=60.0))
    for count in (1, 2):
        world.pass_time(61)
        world.table.rows |= {f"{count}{n}": [Version(0.0, microseconds(world.now))] for n in range(count)}
        world.poll()
    assert [type(one) for one in world.kept.sent] == [PolledRow, Digest]


@pytest.mark.parametrize(
    ("before", "policy"),
    [
        (None, POLL),
        ("settled_at", replace(POLL, at="")),
        ("settled_at", replace(POLL, at="paid_at")),
        ("settled_at", replace(POLL, identity="at")),
        ("settled_at and each of its times", POLL),
    ],
)
def test_a_poll_that_finds_rows_in_another_way_is_on_hold(before: str | None, policy: Poll) -> None:
    table = fixed([row("x", 1e9)])
    timed = TimeCursor(0, before) if before else None
    kept = Kept(PollState(IdCursor.at(0), Pending((PolledRow(5),)), timed=timed))
    with pytest.raises(NotifierError, match="POLL_CURSOR_CHANGED"):
        run(kept.state, 0.0, table, kept, kept, policy, lambda: 1e9, lambda: True)
    assert kept.sent == [PolledRow(5)]  # what was found before is sent all the same
    assert table.reads == 0


def test_an_empty_run_is_one_select_and_saves_nothing() -> None:
    world = World(Random(1))
    world.insert()
    world.pass_time(LONGEST)
    world.poll()
    before = world.kept.state
    table = fixed(world.table.shown(), now=world.now)
    run(before, world.now, table, world.kept, world.kept, POLL, lambda: world.now, lambda: True)
    assert table.reads == 1
    assert world.kept.state == before


@pytest.mark.parametrize("identity", ["", "at"])
def test_the_item_is_smaller_than_the_table_allows(identity: str) -> None:
    random = Random(1)
    ids = ["".join(chr(random.randrange(0x10000, 0x110000)) for _ in range(200)) for _ in range(1_000)]
    rows = {row.id: row for number in range(15_000) if (row := TimedRow(number, 10**15 + random.randrange(10**9), "x"))}
    cursor = TimeCursor(10**15, row_source(replace(POLL, identity=identity)), "time").with_read(rows.values(), 10**16)
    full = cursor.within(time_cursor.MAX_SEEN, sorted(rows.values(), key=lambda row: row.at))
    far = TimedRow(ids[0], 0, "x" * 26)
    full = replace(full, floor=StartPosition(0, "time", far), last=far)
    world = World(random, replace(POLL, identity=identity))
    world.table.rows = {id_: [Version(0.0, microseconds(world.now) + n)] for n, id_ in enumerate(ids)}
    kept = world.kept
    shown = replace(world.table, clock=world.now + 1)
    with contextlib.suppress(Killed):
        kept.effects_left = 2  # saved, and not sent
        run(kept.state, world.now, shown, kept, kept, world.policy, lambda: world.now + 1, lambda: True)
    pending = kept.state.pending
    assert isinstance(pending, Pending)
    assert 100 < len(pending.rows) < 1_000
    state = replace(kept.state, timed=full)
    values = state_item.values(state)
    size = sum(len(one) if isinstance(one, bytes) else len(str(one).encode()) for one in values.values())
    assert 280_000 < size < 390_000
    assert state_item.read(Item("poll#t", "state", values, 0, state.revision)) == state


@pytest.mark.parametrize(
    ("finding", "epoch", "event_id"),
    [
        (PolledRow("9f1c"), 0, "t.a/9f1c"),
        (PolledRow("9f1c", key="2026-01-05T10:00:00Z"), 0, "t.a/9f1c/2026-01-05T10:00:00Z"),
        (PolledRow("9f1c"), 2, "t.a/9f1c/2"),
        (PolledRow("x" * 196), 0, "t.a/" + "x" * 196),
    ],
)
def test_the_identity_of_a_row_with_a_text_for_its_id(finding: PolledEvent, epoch: int, event_id: str) -> None:
    assert f'"event_id": "{event_id}"' in messages.event("t.a", finding, epoch)


def test_what_is_no_event_id_becomes_a_short_one_that_differs() -> None:
    texts = ["x" * 197, "x" * 198, "two\nlines", "two\tlines", "\u202e", "失" * 200]
    found = {messages.identity("t.a", text, 0) for text in texts}
    assert len(found) == len(texts)
    assert all(one.isprintable() and len(one) <= 200 for one in found)
    assert len(messages.identity("x" * 128, "y" * 200, 3, "2026-01-05T10:00:00.250000Z")) == 128 + 1 + 64


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_767_607_200_250_000, "2026-01-05T10:00:00.250000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ],
)
def test_a_time_is_written_in_utc(at: int, text: str) -> None:
    assert time_cursor.moment(at) == text
