"""How full a poll's state is, and that somebody is told before ids are given up."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from handler.polling import id_cursor
from handler.polling.id_cursor import IdCursor
from handler.polling.schedule import NEARLY_FULL, Schedule
from handler.polling.state import SEEN_BYTES
from tests.operated_polls import POLL, TYPE, Operated
from tests.poll_kit import seen


def sparse(world: Operated, part: int, share: float = 0.5) -> None:
    """Add rows with many gaps between their ids, in place of the earlier ones: they take some 25 kB."""
    random = Random(part)
    world.ids.clear()
    world.ids.update(id_ for id_ in range(part * 200_000 + 1, (part + 1) * 200_000) if random.random() < share)


def test_it_is_told_before_an_id_is_given_up_that_could_still_appear() -> None:
    world = Operated(replace(POLL, digest_rows=1))
    world.minute()
    fullness, warned = [0.0], 0
    for part in range(9):
        sparse(world, part)
        world.minute()
        fullness.append(world.schedule.full)
        nearly = world.polls.tick().nearly_full
        world.queue.sent.clear()
        warned += bool(nearly)
        assert bool(nearly) == (fullness[-1] >= NEARLY_FULL)
        if world.schedule.given_up:
            break
    assert world.schedule.given_up
    assert warned >= 2
    assert fullness == sorted(fullness)
    assert fullness[-1] <= 1.0


def test_a_state_that_is_full_of_old_ids_warns_of_nothing() -> None:
    """These are looked for as long as there is room: nobody could do anything about it."""
    world = Operated(replace(POLL, digest_rows=1, longest=60.0))
    world.minute()
    for part in range(9):
        sparse(world, part)
        world.minute()
        world.now += 3600
        world.minute()
        world.queue.sent.clear()
        assert world.schedule.full < 0.2
        assert world.polls.tick().nearly_full == []
    assert len(world.state.cursor.seen.encoded()) > 0.8 * SEEN_BYTES
    assert (world.schedule.given_up, world.state.cursor.floor > 0) == (0, True)


def test_it_falls_when_the_ids_are_old_though_nothing_new_comes() -> None:
    world = Operated(replace(POLL, digest_rows=1, longest=3600.0))
    world.minute()
    for part in range(6):
        sparse(world, part)
        world.minute()
    assert world.polls.tick().nearly_full == [TYPE]
    world.queue.sent.clear()
    world.minute()
    world.now += 2 * 3600
    world.minute()
    assert world.schedule.full < 0.1
    assert world.polls.tick().nearly_full == []


@pytest.mark.parametrize("changed", [Schedule.paused, Schedule.started])
def test_a_poll_that_gives_no_id_up_now_warns_of_nothing(changed: object) -> None:
    standing = Schedule(full=0.9)
    assert standing.is_nearly_full
    assert not changed(standing).is_nearly_full  # type: ignore[operator]


@pytest.mark.parametrize(
    ("ids", "bound", "share"),
    [
        ([], 0, 0.0),
        ([5, 9], 9, 0.0),
        (range(1, 100_000), 0, 0.0),
        (range(1, 80 * 65_536, 65_536), 0, 80 / 4096),
        (range(1, 80 * 65_536, 65_536), 40 * 65_536, 40 / 4096),
    ],
)
def test_both_limits_count(ids: range, bound: int, share: float) -> None:
    cursor = IdCursor.at(0).with_read(seen(ids))
    assert cursor.fullness(bound, SEEN_BYTES) == pytest.approx(share, abs=0.005)
    assert cursor.fullness(bound, 1) > 1
    assert id_cursor.MAX_CHUNKS == 4096
