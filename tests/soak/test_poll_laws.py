"""The laws of the soak for a watched column and for a time column, held against histories that were made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from lab.poll_soak import timed, watched
from lab.poll_soak.timed import Time, Times
from lab.poll_soak.watched import Changes, Row

DELIVERED = ("delivered",)
EVERY_CHANGE, EVERY_VALUE, EVERY_ROW = "moment", "watched", ""


def delivered(keys: Iterable[str]) -> dict[str, Any]:
    return {"ledger": dict.fromkeys(keys, DELIVERED), "posts": dict.fromkeys(keys, 1)}


def changes(identity: str, rows: Mapping[int, Row], stood: str, told: str, digests: Mapping[str, int]) -> Changes:
    """Of what `stood` (as `1.2`, the row and its number) and was `told` (as `1/20260105 new paid`), in few words."""
    said = {key: f"soak.status/{key} {old} {new}" for key, old, new in (one.split() for one in told.split(", ") if one)}
    seen = {(int(row), int(number)) for row, number in (one.split(".") for one in stood.split())}
    numbers = dict.fromkeys(digests, 1)
    keys = [*said, *digests]
    return Changes(
        **delivered(keys),
        said=said,
        rows=rows,
        stood=frozenset(seen),
        identity=identity,
        digests=digests,
        numbers=numbers,
    )


ABA = {7: Row({1: "A", 2: "B", 3: "A"})}
OLD = {7: Row({1: "A", 2: "B", 4: "A"}, old=True)}
BOTH = {**ABA, 8: Row({1: "A"})}

GOOD_CHANGES = [
    (EVERY_CHANGE, ABA, "7.1 7.2 7.3", "7/t1 - A, 7/t2 A B, 7/t3 B A", {}),
    (EVERY_CHANGE, ABA, "7.1 7.3", "7/t1 - A", {}),
    (EVERY_CHANGE, ABA, "7.1 7.3", "7/t1 - A, 7/t2 A B, 7/t3 B A", {}),
    (EVERY_CHANGE, ABA, "", "", {}),
    (EVERY_CHANGE, OLD, "7.1", "", {}),
    (EVERY_CHANGE, OLD, "7.1 7.2 7.4", "7/t1 A B, 7/t2 B A", {}),
    (EVERY_CHANGE, {7: Row({1: "-"})}, "7.1", "7/t1 - -", {}),
    (EVERY_CHANGE, BOTH, "7.1 7.2 7.3 8.1", "7/t2 A B, 7/t3 B A", {"7-8": 2}),
    (EVERY_VALUE, ABA, "7.1 7.2 7.3", "7/A - A, 7/B A B", {}),
    (EVERY_VALUE, OLD, "7.2 7.4", "7/A B A, 7/B A B", {}),
    (EVERY_VALUE, {7: Row({1: "-"})}, "7.1", "7/null - -", {}),
    (EVERY_ROW, ABA, "7.1 7.2", "7 - B", {}),
    (EVERY_ROW, OLD, "7.1", "", {}),
]


@pytest.mark.parametrize("given", GOOD_CHANGES)
def test_good_changes(given: tuple[Any, ...]) -> None:
    verdict = watched.check(changes(*given))
    assert (verdict.violations, verdict.lost) == ([], 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((EVERY_CHANGE, ABA, "7.1 7.2 7.3", "7/t1 - A", {}), "2 lost of ['A', 'B', 'A']; told ['A']"),
        ((EVERY_CHANGE, ABA, "7.1", "", {}), "1 lost of ['A']"),
        ((EVERY_CHANGE, OLD, "7.2", "", {}), "1 lost of ['A', 'B']"),
        ((EVERY_CHANGE, ABA, "", "7/t1 - A, 7/t2 A B, 7/t3 A B", {}), "is told as ['A', 'B', 'B'], and was"),
        ((EVERY_CHANGE, ABA, "", "7/t1 - A, 7/t2 A C", {}), "is told as ['A', 'C'], and was ['A', 'B', 'A']"),
        ((EVERY_CHANGE, ABA, "", "7/t1 - B, 7/t2 B A, 7/t3 A B", {}), "is told as ['B', 'A', 'B'], and was"),
        ((EVERY_CHANGE, ABA, "", "7/t1 A A", {}), "does not hang together"),
        ((EVERY_CHANGE, ABA, "", "7/t1 - A, 7/t2 C B", {}), "does not hang together"),
        ((EVERY_CHANGE, OLD, "", "7/t1 - B", {}), "does not hang together"),
        ((EVERY_CHANGE, OLD, "", "7/t1 - A, 7/t2 A B, 7/t3 B A", {}), "is told as ['A', 'B', 'A'], and was"),
        ((EVERY_CHANGE, ABA, "", "9/t1 - A", {}), "row 9 is delivered, and was never committed"),
        ((EVERY_CHANGE, BOTH, "8.1", "", {"1-7": 1}), "row 8: 1 lost"),
        ((EVERY_CHANGE, BOTH, "7.1 7.2 7.3 8.1", "", {"7-8": 3}), "3 changes are told of, and a run had to see 4"),
        ((EVERY_CHANGE, BOTH, "", "", {"7-8": 5}), "5 changes are told of, and there were 4"),
        ((EVERY_VALUE, ABA, "7.1 7.2", "7/A - A", {}), "1 lost of ['A', 'B']"),
        ((EVERY_VALUE, ABA, "", "7/B - A", {}), "is told as ['B'], and the messages say ['A']"),
        ((EVERY_VALUE, ABA, "", "7/C - C", {}), "is told as ['C'], and was"),
        ((EVERY_VALUE, {7: Row({1: "A", 2: "B"}, old=True)}, "", "7/A B A", {}), "is told as ['A'], and was"),
        ((EVERY_ROW, ABA, "7.1", "", {}), "1 lost of ['A']"),
    ],
)
def test_the_law_of_changes_is_broken(given: tuple[Any, ...], said: str) -> None:
    verdict = watched.check(changes(*given))
    assert [one for one in verdict.violations if said in one], verdict.violations


def test_two_digests_of_the_same_rows_are_two_deliveries() -> None:
    found = changes(EVERY_CHANGE, BOTH, "", "", {"7-8": 4})
    twice = replace(found, ledger={"7-8": DELIVERED * 2}, posts={"7-8": 2}, numbers={"7-8": 2})
    assert (watched.check(twice).violations, watched.check(twice).twice) == ([], 0)
    for wrong in (
        replace(twice, ledger={"7-8": DELIVERED}),
        replace(twice, posts={"7-8": 1}),
        replace(twice, posts={"7-8": 3}),
    ):
        assert watched.check(wrong).violations


TEN = 1_767_607_200 * 1_000_000
AT, LATER = "x/2026-01-05T10:00:00Z", "x/2026-01-05T10:00:01.500000Z"
TWICE = {"x": {1: Time(TEN, 5.0), 2: Time(TEN + 1_500_000, 5.0)}}
SEEN = {"x": {1: Time(TEN, old=True), 2: Time(TEN + 1_500_000, 5.0)}}


def times(
    rows: Mapping[str, timed.Row], stood: Iterable[int], told: Iterable[str], *, each: bool, count: int = 0
) -> Times:
    digests = {"x-y": count} if count else {}
    return Times(
        **delivered([*told, *digests]),
        digests=digests,
        rows=rows,
        stood=frozenset(("x", number) for number in stood),
        longest=60.0,
        each=each,
    )


def long(rows: Mapping[str, timed.Row]) -> dict[str, timed.Row]:
    """The same rows, of transactions that took too long."""
    return {id_: {n: replace(time, seconds=60.5) for n, time in row.items()} for id_, row in rows.items()}


@pytest.mark.parametrize(
    "found",
    [
        times(TWICE, [1, 2], ["x"], each=False),
        times(TWICE, [], [], each=False),
        times(long(TWICE), [1, 2], [], each=False),
        times(long(TWICE), [1, 2], ["x"], each=False),
        times(SEEN, [1, 2], [], each=False),
        times(SEEN, [1, 2], ["x"], each=False),
        times(TWICE, [1, 2], [AT, LATER], each=True),
        times(TWICE, [2], [LATER], each=True),
        times(SEEN, [1, 2], [LATER], each=True),
        times(TWICE, [1, 2], [AT], each=True, count=1),
    ],
)
def test_good_times(found: Times) -> None:
    verdict = timed.check(found)
    assert (verdict.violations, verdict.lost) == ([], 0)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (times(TWICE, [1], [], each=False), "x is lost"),
        (times(TWICE, [1], ["x", "z"], each=False), "z is delivered, and was never committed"),
        (times(TWICE, [1, 2], [AT], each=True), f"{LATER} is lost"),
        (times(SEEN, [], [AT], each=True), f"{AT} is delivered, and was never committed"),
        (times(TWICE, [], ["x/2026-01-05T10:00:02Z"], each=True), "was never committed"),
        (times(TWICE, [], [AT, LATER], each=True, count=1), "3 rows are told of, and 2 times were committed"),
        (replace(times(TWICE, [1], ["x"], each=False), posts={"x": 2}), "x was posted 2 times with 0 unknown outcomes"),
    ],
)
def test_the_law_of_times_is_broken(found: Times, said: str) -> None:
    verdict = timed.check(found)
    assert [one for one in verdict.violations if said in one], verdict.violations
    assert bool(verdict.lost) == ("lost" in said)
