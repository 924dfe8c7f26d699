"""What a dry run says is what the next run does, and nothing is changed by it (Operated.preview)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from handler.errors import ConfigError, SourceError
from handler.polling import id_scan
from handler.polling.dry_run import SHOWN, DryRun
from handler.polling.schedule import Schedule
from tests.operated_polls import POLL, TYPE, Operated


@pytest.mark.parametrize("rows", [0, 1, 99])
def test_a_poll_that_never_ran_says_how_many_rows_count_as_seen(rows: int) -> None:
    world = Operated()
    world.ids.update(range(1, rows + 1))
    assert world.preview() == DryRun(TYPE, starts=True, seen=rows)


def test_the_first_run_of_a_large_table_remembers_the_last_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 20)
    world = Operated()
    world.ids.update(range(1, 100))
    assert world.preview() == DryRun(TYPE, starts=True, seen=20, all_seen=False)


@pytest.mark.parametrize(
    ("rows", "policy", "summary"),
    [
        ([], {}, False),
        ([7], {}, False),
        ([7, 9, 12], {}, False),
        ([*range(1, 101)], {}, False),
        ([*range(1, 102)], {}, True),
        ([*range(1, 102)], {"digest_rows": None}, False),
        ([7, 9], {"digest_rows": 1}, True),
        ([7, 9], {"digest_seconds": 30.0}, True),
        ([7], {"digest_seconds": 30.0}, False),
    ],
)
def test_new_rows_are_counted_and_some_are_named(rows: list[int], policy: dict[str, Any], summary: bool) -> None:
    world = Operated(replace(POLL, **policy))
    world.minute()
    world.ids.update(rows)
    world.now += 60
    said = world.preview()
    assert said == DryRun(
        TYPE,
        found=len(rows),
        lowest=min(rows, default=0),
        highest=max(rows, default=0),
        ids=() if summary else tuple(rows[:SHOWN]),
        summary=summary,
    )
    assert world.preview() == said
    world.run_now()
    assert (len(world.events()) == 1 and "digest" in world.events()[0]["notifier"]) == summary
    assert summary or world.rows() == set(rows)


def test_rows_that_appear_late_are_counted() -> None:
    world = Operated(replace(POLL, longest=120.0))
    world.minute()
    world.ids.update({1, 3})
    for _ in range(6):
        world.minute()
    world.ids.update({2, 4})
    said = world.preview()
    assert (said.found, said.late, said.ids) == (2, 1, (2, 4))


@pytest.mark.parametrize("summary", [False, True])
@pytest.mark.parametrize("later", [set(), {40, 41}])
def test_rows_that_are_not_sent_yet_come_first_and_are_not_counted_as_new(summary: bool, later: set[int]) -> None:
    world = Operated(replace(POLL, digest_rows=1 if summary else None))
    world.minute()
    world.ids.update({5, 6, 7})
    world.queue.broken = ConfigError("CONFIG_UNAVAILABLE", "the queue")
    world.now += 60
    world.run_now()
    world.queue.broken = None
    world.ids.update(later)
    said = world.preview()
    assert (said.unsent, said.found, said.lowest, said.highest) == (3, len(later), *((40, 41) if later else (0, 0)))
    assert (said.code, said.summary) == ("", summary and bool(later))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (Schedule.paused, DryRun(TYPE, found=1, lowest=9, highest=9, ids=(9,))),
        (Schedule.started, DryRun(TYPE, starts=True, seen=4)),
        (Schedule.rebased, DryRun(TYPE, starts=True, seen=4)),
        (lambda one: one.rebased(2), DryRun(TYPE, starts=True, seen=2, found=2, lowest=3, highest=9, ids=(3, 9))),
        (lambda one: one.rewound(1), DryRun(TYPE, found=3, lowest=2, highest=9, ids=(2, 3, 9))),
    ],
    ids=["paused", "start", "rebase", "resend", "rewind"],
)
def test_what_somebody_asked_for_is_part_of_it(changed: Callable[[Schedule], Schedule], expected: DryRun) -> None:
    world = Operated()
    world.minute()
    world.ids.update({1, 2, 3})
    world.minute()
    world.ids.add(9)
    world.change(changed)
    assert world.preview() == expected


@pytest.mark.parametrize("held", ["state lost", "unreadable", "reused", "database", "table"])
def test_what_a_run_would_fail_with_is_said(held: str) -> None:
    world = Operated(replace(POLL, created=True))
    world.ids.add(1)
    world.minute()
    world.ids.add(2)
    key = (f"poll#{TYPE}", "state")
    if held == "state lost":
        world.lose("state")
    elif held == "unreadable":
        item = world.table.rows[key]
        world.table.rows[key] = replace(item, values={**item.values, "seen": b"x"})
    elif held == "reused":
        world.database.created = {1: "later"}
    elif held == "database":
        world.database.error = SourceError("DB_DENIED", "SELECT on orders")
    else:
        world.table.broken = ConfigError("LEDGER_UNAVAILABLE", "down")
    said = world.preview()
    codes = {
        "state lost": "POLL_STATE_LOST", "unreadable": "POLL_STATE_UNREADABLE", "reused": "POLL_IDS_REUSED",
        "database": "DB_DENIED", "table": "LEDGER_UNAVAILABLE",
    }  # fmt: skip
    assert (said.code, said.found) == (codes[held], 0)


def test_a_failure_in_the_middle_leaves_what_was_found_before() -> None:
    world = Operated()
    world.minute()
    world.ids.update({1, 2})
    world.minute()
    world.ids.update({3})
    select = world.database.select

    def failing(*arguments: Any) -> Any:
        if "upto" in arguments[2] or arguments[2].get("after") == 0:
            raise SourceError("DB_TIMEOUT", "too long")
        return select(*arguments)

    world.database.select = failing  # type: ignore[method-assign]
    said = world.preview()
    assert (said.found, said.ids, said.code) == (1, (3,), "DB_TIMEOUT")


@pytest.mark.parametrize("remaining", [60.0, 10.0])
def test_a_look_for_which_the_time_is_too_short_says_so(remaining: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 5)
    world = Operated(replace(POLL, digest_rows=None))
    world.minute()
    world.ids.update(range(1, 100))
    said = world.preview(remaining)
    assert said.more == (remaining < 15)
    assert said.found == (0 if said.more else 99)
    assert said.unsent == 0


def test_it_reads_while_a_run_goes_on() -> None:
    world = Operated()
    world.minute()
    world.ids.add(4)
    said: list[DryRun] = []
    world.database.meanwhile = lambda: said.append(world.preview())
    world.minute()
    assert (said[0].ids, world.rows()) == ((4,), {4})


@pytest.mark.parametrize(
    ("decided", "suppressed", "undecided"),
    [
        ((True, True, True), 0, 0),
        ((False, True, None), 1, 1),
        ((False, False, False), 3, 0),
        ((None, None, True), 0, 2),
    ],
)
def test_what_posts_nothing_is_counted_apart(decided: tuple[Any, ...], suppressed: int, undecided: int) -> None:
    world = Operated()
    world.minute()
    world.ids.update((7, 9, 12))
    world.now += 60
    said = world.preview(posts=lambda row: decided[(7, 9, 12).index(row.id)])
    assert (said.found, said.suppressed, said.undecided) == (3, suppressed, undecided)


def test_a_summary_is_posted_whatever_when_says() -> None:
    world = Operated(replace(POLL, digest_rows=1))
    world.minute()
    world.ids.update((7, 9))
    world.now += 60
    said = world.preview(posts=lambda _: False)
    assert (said.summary, said.suppressed, said.undecided) == (True, 0, 0)
