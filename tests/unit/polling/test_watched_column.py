"""A poll that watches a column of a simulated table: replicas lag and take turns, and the function is killed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.errors import SourceError
from handler.model import Digest, Poll
from handler.polling import id_scan, replica_lag, start_requests, state_item
from handler.polling import run as polling
from handler.polling.id_cursor import IdCursor, Sweep
from handler.polling.id_scan import IdPage
from handler.polling.id_set import IdSet
from handler.polling.id_values import MAX_VALUES, UNKNOWN, IdValues, WatchedValue
from handler.polling.replica_lag import LAG_SECONDS, RowVersion
from handler.polling.run import run
from handler.polling.schedule import Schedule
from handler.polling.state import Pending, PolledEvent, PolledRow, PollState
from handler.polling.table import Table
from tests.poll_kit import ConflictError, Kept, Killed, OnlyIds

POLL = Poll("", 60.0, longest=100.0, digest_rows=None, watched="o.status", changed=True, identity="moment")
STATUSES = (None, "", "pending", "paid", "失敗")


@dataclass
class Rows:
    """poll.Rows: each row with its values, and since when it has each of them. A replica shows them up to a moment."""

    history: dict[int, list[tuple[float, WatchedValue]]] = field(default_factory=dict)
    at: float = float("inf")
    watching: bool = True

    def shown(self) -> dict[int, tuple[float, WatchedValue]]:
        found = {id_: [one for one in values if one[0] <= self.at] for id_, values in self.history.items()}
        return {id_: values[-1] for id_, values in found.items() if values}

    def ids(self, after: int, upto: int | None) -> IdPage:
        rows = {id_: one for id_, one in self.shown().items() if id_ > after and (upto is None or id_ <= upto)}
        kept = sorted(rows)[: id_scan.PAGE_SIZE]
        return IdPage(
            values({id_: rows[id_][1] if self.watching else UNKNOWN for id_ in kept}),
            complete=len(kept) < id_scan.PAGE_SIZE,
        )

    def changed(self, ids: Iterable[int]) -> Mapping[int, RowVersion]:
        shown = self.shown()
        return {id_: RowVersion(shown[id_][1], shown[id_][0]) for id_ in ids if id_ in shown}

    def created(self, ids: Iterable[int]) -> Mapping[int, str]:
        return {}

    def low_counter(self, top: int) -> int | None:
        return None


def values(rows: Mapping[int, WatchedValue]) -> IdValues:
    return IdValues({one: IdSet.containing(id_ for id_ in rows if rows[id_] == one) for one in {*rows.values()}})


class World:
    """A table whose rows change, two replicas of it that are asked in turns, and a poll."""

    def __init__(self, random: Random, policy: Poll = POLL) -> None:
        self.random, self.policy = random, policy
        self.now = self.looked_at = 1_000_000.0
        self.rows = Rows(watching=policy.is_watching)
        self.replicas, self.stopped = [self.now, self.now], [False, False]
        self.kept = Kept(PollState(IdCursor.at(0), watched=policy.watched))

    def pass_time(self, seconds: float = 1.0) -> None:
        self.now += seconds
        self.replicas = [at if stopped else self.now for at, stopped in zip(self.replicas, self.stopped, strict=True)]

    def insert(self) -> None:
        self.pass_time()
        self.rows.history[max(self.rows.history, default=0) + self.random.choice([1, 3])] = [(self.now, self.status())]

    def update(self) -> None:
        self.pass_time()
        if self.rows.history:
            self.random.choice([*self.rows.history.values()]).append((self.now, self.status()))

    def status(self) -> WatchedValue:
        return self.random.choice(STATUSES)

    def stop_or_start(self) -> None:
        number = self.random.randrange(2)
        self.stopped[number] = not self.stopped[number]

    def poll_badly(self, state: PollState | None = None) -> None:
        self.kept.effects_left = self.random.choice([-1, *range(1, 7)])
        with contextlib.suppress(Killed, ConflictError):
            self.run(state or self.kept.state, self.random.choice([2, 4, 1_000]))
        self.kept.effects_left = -1

    def poll_twice(self) -> None:
        old = self.kept.state
        self.poll_badly()
        self.poll_badly(old)

    def poll(self) -> None:
        self.run(self.kept.state)

    def run(self, state: PollState, pages: int = 1_000) -> None:
        self.pass_time()
        left = iter(range(pages))
        shown = replace(self.rows, at=self.random.choice(self.replicas))
        in_time = lambda: next(left, -1) >= 0  # noqa: E731
        run(state, self.looked_at, shown, self.kept, self.kept, self.policy, lambda: self.now, in_time)
        self.looked_at = self.now

    def settle(self) -> None:
        self.stopped = [False, False]
        for _ in range(len(self.rows.history) // id_scan.PAGE_SIZE + 10):
            self.poll()
        assert self.kept.state.pending is None

    def told(self) -> dict[int, list[tuple[WatchedValue, WatchedValue]]]:
        """What was reported of each row, in order; what came twice is one event for the ledger."""
        found: dict[int, list[tuple[WatchedValue, WatchedValue]]] = {}
        for one in dict.fromkeys(self.kept.sent):
            assert isinstance(one, PolledRow)
            assert one.change
            found.setdefault(one.id, []).append(one.change)
        return found


@pytest.fixture
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 3)
    monkeypatch.setattr(id_scan, "WATCH_PAGES", 2)
    monkeypatch.setattr(polling, "BATCH", 2)


@pytest.mark.usefixtures("_small_steps")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.lists(st.integers(0, 10), max_size=80))
def test_every_change_that_a_run_can_see_is_reported_once(seed: int, steps: list[int]) -> None:
    world = World(Random(seed))
    actions = [
        *[world.insert] * 2,
        *[world.update] * 4,
        world.stop_or_start,
        world.poll_badly,
        world.poll_twice,
        *[world.poll] * 2,
    ]
    for step in steps:
        actions[step]()
    world.settle()
    told = world.told()
    for id_, history in world.rows.history.items():
        changes = told.pop(id_)
        assert [old for old, _ in changes] == [None, *(new for _, new in changes)][: len(changes)]
        assert changes[-1][1] == history[-1][1]
        later = iter([value for _, value in history])
        assert all(new in later for _, new in changes)  # in the order of what the row has been
    assert not told


@pytest.mark.parametrize("between", [True, False])
def test_a_value_that_comes_back_is_a_change_if_a_run_was_between(between: bool) -> None:
    world = World(Random(1))
    world.rows.history[7] = [(world.now, "A")]
    world.poll()
    for value in ("B", "A"):
        world.pass_time()
        world.rows.history[7].append((world.now, value))
        if between or value == "A":
            world.poll()
    assert world.told() == {7: [(None, "A"), ("A", "B"), ("B", "A")] if between else [(None, "A")]}
    assert len({one.key for one in world.kept.sent if isinstance(one, PolledRow)}) == len(world.kept.sent)


@pytest.mark.usefixtures("_small_steps")
@pytest.mark.parametrize("watched", ["o.status", "o.payment_status"], ids=["known", "unknown"])
def test_a_row_that_changes_back_between_two_reads_of_one_look_has_not_changed(watched: str) -> None:
    """Row 7 is read by the pass over the older ids, and then as one of recent transactions."""
    world = World(Random(1))
    world.rows.history = {id_: [(world.now, "A")] for id_ in range(1, 11)}
    cursor = IdCursor(10, 0, values(dict.fromkeys(range(1, 11), "A")), sweep=Sweep(6, 10, world.now))
    world.kept.state = PollState(cursor, watched=watched)
    changed = replace(world.rows, history={**world.rows.history, 7: [(world.now, "B")]})
    shown = iter([world.rows, changed])
    rows = OnlyIds(lambda after, upto: next(shown, world.rows).ids(after, upto))
    policy = replace(POLL, changed=False)
    run(world.kept.state, world.now, rows, world.kept, world.kept, policy, lambda: world.now, lambda: True)
    assert world.kept.sent == []


@pytest.mark.parametrize(
    ("identity", "keys"), [("", [None, None, None]), ("watched", ["null", "paid", "null"])], ids=["id", "watched"]
)
def test_an_identity_without_the_moment_repeats(identity: str, keys: list[str | None]) -> None:
    world = World(Random(1), replace(POLL, identity=identity))
    world.rows.history[7] = []
    for value in (None, "paid", None):
        world.rows.history[7].append((world.now, value))
        world.poll()
    assert [one.key for one in world.kept.sent if isinstance(one, PolledRow)] == keys


def test_a_row_that_has_an_earlier_time_counts_once_no_replica_can_be_so_far_behind() -> None:
    """As after a time in the future was corrected."""
    world = World(Random(1))
    world.rows.history[7] = [(world.now, "A"), (world.now + 3600, "B")]
    shown = Rows(world.rows.history)
    clock = [world.now]

    def poll() -> Sequence[PolledEvent]:
        before, state = len(world.kept.sent), world.kept.state
        run(state, clock[0], shown, world.kept, world.kept, POLL, lambda: clock[0], lambda: True)
        return world.kept.sent[before:]

    assert [one.change for one in poll() if isinstance(one, PolledRow)] == [(None, "B")]
    shown.history = {7: [(world.now + 5, "C")]}
    clock[0] += LAG_SECONDS - 1
    assert poll() == []
    clock[0] += 1
    assert [one.change for one in poll() if isinstance(one, PolledRow)] == [("B", "C")]


def test_a_clock_that_was_a_year_ahead_holds_no_change_back_once_it_is_right() -> None:
    world = World(Random(1))
    world.rows.history[7] = [(world.now, "A")]
    world.now += 365 * 86_400.0
    world.poll()
    world.now = world.looked_at = 1_000_000.0
    world.rows.history[7] = [(world.now - 5, "B")]
    world.poll()
    assert world.told() == {7: [(None, "A"), ("A", "B")]}


def test_new_rows_are_found_while_nobody_says_when_rows_were_changed() -> None:
    """Changes wait until somebody does."""
    world = World(Random(1))
    world.rows.history = {1: [(world.now, "A")]}
    world.poll()
    world.rows.history = {1: [(world.now, "A"), (world.now, "B")], 2: [(world.now, "A")]}

    @dataclass
    class Failing(Rows):
        def changed(self, ids: Iterable[int]) -> Mapping[int, RowVersion]:
            raise SourceError("DB_TIMEOUT", "too long")

    kept, rows = world.kept, Failing(world.rows.history)
    ran = run(kept.state, world.looked_at, rows, kept, kept, POLL, lambda: world.now + 1, lambda: True)
    assert (ran.found, ran.failure and ran.failure.code) == (1, "DB_TIMEOUT")
    assert world.told() == {1: [(None, "A")], 2: [(None, "A")]}
    world.poll()
    assert world.told()[1] == [(None, "A"), ("A", "B")]


def test_only_the_last_moments_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica_lag, "MAX_SEEN_VERSIONS", 3)
    world = World(Random(1))
    for id_ in range(1, 10):
        world.rows.history[id_] = [(world.now, "A")]
        world.poll()
    assert [*world.kept.state.seen_versions] == [7, 8, 9]
    world.rows.history[8].append((world.now, "B"))
    world.rows.history[2].append((world.now, "B"))
    world.poll()
    assert [*world.kept.state.seen_versions] == [9, 8, 2] or [*world.kept.state.seen_versions] == [9, 2, 8]


@pytest.mark.parametrize("watched", ["o.payment_status", ""])
def test_another_watched_column_makes_no_events_of_the_rows_that_are_known(watched: str) -> None:
    world = World(Random(1), replace(POLL, watched=watched, changed=False))
    world.rows.history = {id_: [(world.now, "A")] for id_ in range(1, 6)}
    world.kept.state = PollState(IdCursor(5, 0, values(dict.fromkeys(range(1, 6), "paid"))), watched="o.status")
    world.poll()
    assert world.kept.sent == []
    world.rows.history[3].append((world.now, "B"))
    world.rows.history[6] = [(world.now, "A")]
    world.poll()
    found = [(one.id, one.change) for one in world.kept.sent if isinstance(one, PolledRow)]
    assert found == ([(3, ("A", "B")), (6, (None, "A"))] if watched else [(6, None)])


def test_a_poll_that_begins_to_watch_a_column_knows_its_rows() -> None:
    world = World(Random(1))
    world.rows.history = {id_: [(world.now, "A")] for id_ in range(1, 6)}
    without = IdValues({}).without_values()
    world.kept.state = PollState(IdCursor(5, 0, without | values(dict.fromkeys(range(1, 6), "x"))))
    world.poll()
    world.rows.history[3].append((world.now, "B"))
    world.poll()
    assert [(one.id, one.change) for one in world.kept.sent if isinstance(one, PolledRow)] == [(3, ("A", "B"))]


def test_an_old_row_that_changes_is_not_late_but_one_that_appears_is() -> None:
    world = World(Random(1))
    world.rows.history = {1: [(world.now, "A")], 3: [(world.now, "A")]}
    world.poll()
    world.pass_time(1_000.0)
    world.rows.history[3].append((world.now, "B"))
    world.rows.history[2] = [(world.now, "A")]
    world.poll()
    late = {one.id: one.late for one in world.kept.sent[2:] if isinstance(one, PolledRow)}
    assert late == {2: True, 3: False}


def test_many_changes_are_one_digest() -> None:
    world = World(Random(1), replace(POLL, digest_rows=3))
    world.rows.history = {id_: [(world.now, "A")] for id_ in range(1, 4)}
    world.poll()
    assert [one.id for one in world.kept.sent if isinstance(one, PolledRow)] == [1, 2, 3]
    world.rows.history = {id_: [(world.now, "A"), (world.now, "B")] for id_ in range(1, 4)}
    world.rows.history[4] = [(world.now, "B")]
    world.poll()
    assert world.kept.sent[3:] == [Digest(world.kept.state.revision - 1, 4, 0, 1, 4)]


def test_no_row_is_given_up_for_its_age() -> None:
    world = World(Random(1))
    world.rows.history = {1: [(world.now, "A")], 2: [(world.now, "A")]}
    for day in range(100):
        world.rows.history[10 + day] = [(world.now, "A")]
        world.poll()
        world.pass_time(86_400.0)
    assert world.kept.state.cursor.floor == 0
    world.rows.history[1].append((world.now, "B"))
    world.poll()
    assert world.told()[1][-1] == ("A", "B")


def test_the_first_run_leaves_room_for_rows_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_requests, "FIRST_BYTES", 10_000)
    random = Random(1)
    there = IdCursor(300_000, 0, values({id_: random.choice("AB") for id_ in range(1, 300_001)}))

    class Full(Table):
        def cursor_at_end(self, in_time: Callable[[], bool], upto: int | None = None) -> IdCursor:
            return there

        def created(self, ids: Iterable[int]) -> dict[int, str]:
            return {}

        def lowest(self) -> int:
            return 1

    state = start_requests.initial_state(Full(None, POLL), Schedule(), 0.0, lambda: True)  # type: ignore[arg-type]
    assert 0 < len(state.cursor.seen.encoded()) <= 10_000 < len(there.seen.encoded())
    assert (state.cursor.top, state.cursor.floor > 0, state.watched) == (300_000, True, POLL.watched)


@pytest.mark.parametrize("young", [True, False])
def test_young_rows_that_do_not_fit_into_the_state_are_counted(monkeypatch: pytest.MonkeyPatch, young: bool) -> None:
    random = Random(1)
    world = World(random, replace(POLL, changed=False))
    world.rows.history = {id_: [(world.now, random.choice("AB"))] for id_ in range(1, 100_000, 10)}
    world.poll()
    world.pass_time(1.0 if young else 200.0)
    monkeypatch.setattr(polling, "SEEN_BYTES", 2_000)
    world.rows.history[200_001] = [(world.now, "A")]
    kept = world.kept
    ran = run(kept.state, world.looked_at, world.rows, kept, kept, world.policy, lambda: world.now, lambda: True)
    dropped = 10_001 - len(ran.state.cursor.seen)
    assert dropped > 5_000
    assert ran.given_up == (dropped if young else 0)
    assert ran.full is not None
    assert (ran.full < 0.1) is not young


def test_too_many_values_are_refused_and_nothing_is_saved() -> None:
    world = World(Random(1))
    world.rows.history = {id_: [(world.now, str(id_))] for id_ in range(1, MAX_VALUES + 1)}
    world.poll()
    before = world.kept.state
    world.rows.history[100] = [(world.now, "one more")]
    with pytest.raises(SourceError, match="POLL_VALUES_UNFIT"):
        world.poll()
    assert world.kept.state == before


def test_the_state_fits_into_an_item_in_the_worst_case() -> None:
    """All ids far apart and in any order of long values, as many events as one run may find, and all moments."""
    random, texts = Random(1), [f"{number:040x}" for number in range(MAX_VALUES)]
    world = World(random)
    world.rows.history = {id_ * 1_000: [(world.now, random.choice(texts))] for id_ in range(1, 60_000)}
    world.poll()
    for values_of_row in world.rows.history.values():
        values_of_row.append((world.now + random.random(), random.choice(texts)))
    sizes, kept = [], world.kept

    def save(state: PollState) -> PollState:
        size = sum(len(one) for one in state_item.values(state).values() if isinstance(one, str | bytes))
        sizes.append((size, len(state.pending.rows) if isinstance(state.pending, Pending) else 0))
        return Kept.save(kept, state)

    recording = replace(kept)
    recording.save = save  # type: ignore[method-assign]
    run(kept.state, world.now, world.rows, recording, kept, POLL, lambda: world.now + 1, lambda: True)
    largest, events = max(sizes)
    assert events > polling.MAX_EVENTS
    assert largest < 380_000
