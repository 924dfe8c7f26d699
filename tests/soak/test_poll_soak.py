"""The soak of polls without a database: its law, held against histories that were made up, and where it can kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from handler.errors import SlackError
from handler.model import Digest, Message
from handler.polling import messages
from handler.polling.state import PolledRow
from lab.poll_soak import function
from lab.poll_soak.ids import Histories, check
from lab.poll_soak.memory import Intake, Slack
from lab.poll_soak.plan import IDS, KINDS, TIME, WATCHED, planned
from lab.poll_soak.points import Killed, Points
from lab.queue import Queue
from lab.soak.rig import MAX_RECEIVES

DELIVERED, PARKED = ("delivered",), ("parked",)
GOOD = Histories(
    there=frozenset({1, 2, 9}),
    deleted=frozenset({3, 4}),
    ledger={"1": DELIVERED, "2": DELIVERED, "3": DELIVERED, "9": DELIVERED},
    posts={"1": 1, "2": 1, "3": 1, "9": 1},
)
DIGEST = Histories(
    there=frozenset({1, 2, 5, 6, 9}),
    deleted=frozenset({7}),
    ledger={"1": DELIVERED, "2-6": DELIVERED, "9": DELIVERED},
    posts={"1": 1, "2-6": 1, "9": 1},
    digests={"2-6": 3},
)


@pytest.mark.parametrize(
    ("histories", "single", "digested"),
    [
        pytest.param(GOOD, 4, 0, id="a deleted row may be told, and need not be"),
        pytest.param(DIGEST, 2, 3, id="a digest"),
        pytest.param(replace(DIGEST, digests={"2-6": 4}), 2, 4, id="a digest may count a row that is deleted"),
        pytest.param(replace(GOOD, posts={**GOOD.posts, "1": 2}, unknown={"1": 1}), 4, 0, id="twice for a reason"),
        pytest.param(
            replace(GOOD, ledger={**GOOD.ledger, "1": PARKED}, posts={"2": 1, "3": 1, "9": 1}, unknown={"1": 2}),
            4, 0, id="parked after two posts whose outcome is unknown",
        ),
    ],
)  # fmt: skip
def test_a_good_run(histories: Histories, single: int, digested: int) -> None:
    verdict = check(histories)
    assert (verdict.violations, verdict.lost) == ([], 0)
    assert (verdict.single, verdict.digested) == (single, digested)


def without(row: str) -> dict[str, Any]:
    return {"ledger": {key: one for key, one in GOOD.ledger.items() if key != row}, "posts": {**GOOD.posts, row: 0}}


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        (replace(GOOD, **without("2")), "row 2 is lost"),
        (replace(GOOD, there=GOOD.there | {8}), "row 8 is lost"),
        (replace(GOOD, there=frozenset({1, 2})), "row 9 is delivered, and was never committed"),
        (replace(GOOD, ledger={**GOOD.ledger, "1": DELIVERED * 2}), "1 is 2 deliveries"),
        (replace(GOOD, posts={**GOOD.posts, "1": 0}), "1 is delivered, and was not posted"),
        (replace(GOOD, posts={**GOOD.posts, "1": 2}), "1 was posted 2 times with 0 unknown outcomes"),
        (replace(GOOD, posts={**GOOD.posts, "1": 3}, unknown={"1": 1}), "1 was posted 3 times with 1 unknown outcomes"),
        (replace(GOOD, posts={**GOOD.posts, "1": 2}, unknown={"2": 1}), "1 was posted 2 times with 0 unknown outcomes"),
        (replace(GOOD, ledger={**GOOD.ledger, "1": PARKED}), "1 ended as parked with 0 unknown outcomes"),
        (replace(GOOD, ledger={**GOOD.ledger, "1": ("sending",)}), "1 ended as sending with 0 unknown outcomes"),
        (replace(GOOD, posts={**GOOD.posts, "8": 1}), "8 was posted, and is no delivery"),
        (replace(GOOD, queued=1), "1 messages are still in the queue"),
        (replace(DIGEST, there=DIGEST.there | {8}), "row 8 is lost"),
        (replace(DIGEST, digests={"2-6": 2}), "1 rows are in no delivery"),
        (replace(DIGEST, digests={"2-6": 5}), "7 rows are told of, and 6 were committed"),
        (replace(DIGEST, ledger={"1": DELIVERED, "9": DELIVERED}, posts={"1": 1, "9": 1}), "the digest 2-6 is no"),
    ],
)
def test_the_law_is_broken(histories: Histories, said: str) -> None:
    verdict = check(histories)
    assert [one for one in verdict.violations if said in one], verdict.violations


class Port:
    """What is called, and how many times its effect took place."""

    def __init__(self) -> None:
        self.done = 0

    def act(self) -> int:
        self.done += 1
        return self.done


def three_calls(port: Any) -> None:
    for _ in range(3):
        port.act()


@pytest.mark.parametrize(
    ("at", "done", "met"),
    [
        (0, 3, {}),
        (1, 0, {"before Port.act": 1}),
        (2, 1, {"after Port.act": 1}),
        (5, 2, {"before Port.act": 1}),
        (6, 3, {"after Port.act": 1}),
        (7, 3, {}),
    ],
)
def test_an_invocation_is_killed_before_or_after_an_effect(at: int, done: int, met: dict[str, int]) -> None:
    port, points = Port(), Points()
    points.begin(at)
    if met:
        with pytest.raises(Killed):
            three_calls(points.around(port))
    else:
        three_calls(points.around(port))
    assert (port.done, dict(points.met), points.dead) == (done, met, bool(met))


def test_who_was_killed_stays_dead() -> None:
    port, points = Port(), Points()
    points.begin(1)
    for _ in range(2):
        with pytest.raises(Killed):
            points.around(port).act()
    points.begin()
    assert points.around(port).act() == 1


class Other(Port):
    pass


def three_calls_in_turn(*ports: Any) -> None:
    for port in ports * 3:
        port.act()


@pytest.mark.parametrize(("at", "effects"), [(1, (1, 0)), (2, (1, 1)), (3, (2, 1))])
def test_only_the_points_of_a_place_count(at: int, effects: tuple[int, int]) -> None:
    port, other, points = Port(), Other(), Points()
    points.begin(at, place="Other.act")
    first, second = points.around(port), points.around(other)
    with pytest.raises(Killed):
        three_calls_in_turn(first, second)
    assert (port.done, other.done) == effects


def test_something_else_can_happen_at_a_point_and_the_call_goes_on() -> None:
    port, points, happened = Port(), Points(), []
    points.begin(2, lambda: happened.append(port.done))
    three_calls(points.around(port))
    assert (port.done, happened) == (3, [1])


VARIED = {
    IDS: ("created",),
    WATCHED: ("identity", "changed", "created", "is_lag_bounded"),
    TIME: ("identity", "column", "future", "ahead", "paused", "started", "longest"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_follows_from_its_seed(kind: str) -> None:
    assert planned(7, 100, kind) == planned(7, 100, kind)
    plans = [planned(seed, 100, kind) for seed in range(40)]
    always = ("digest_rows", "readers", "statement_turns", "page_size", "killed", "overtaken", "line")
    for name in (*always, *VARIED[kind]):
        assert len({getattr(plan, name) for plan in plans}) > 1, name
    assert all(plan.changed or plan.readers == 1 for plan in plans if plan.kind == WATCHED)


def test_a_plan_changes_the_poll_of_the_template() -> None:
    plan = replace(planned(7, 100), digest_rows=30, longest=120.0, created=False)
    poll = function.compiled(plan, "soak.row").polls["soak.row"]
    assert (poll.digest_rows, poll.longest, poll.created, poll.table) == (30, 120.0, False, "polled")
    assert function.MAX_RECEIVES == MAX_RECEIVES


@pytest.mark.parametrize("identity", ["moment", "watched", ""])
@pytest.mark.parametrize("changed", [False, True])
def test_a_plan_says_what_a_watched_column_is(identity: str, changed: bool) -> None:
    plan = replace(planned(7, 100, WATCHED), identity=identity, changed=changed)
    poll = function.compiled(plan, "soak.status").polls["soak.status"]
    assert (poll.is_watching, poll.identity, poll.changed) == (True, identity, changed)


@pytest.mark.parametrize("identity", ["at", ""])
def test_a_plan_says_what_a_time_is(identity: str) -> None:
    plan = replace(planned(7, 100, TIME), identity=identity, longest=1800.0)
    poll = function.compiled(plan, "soak.time").polls["soak.time"]
    assert (poll.at, poll.identity, poll.longest) == ("at", identity, 1800.0)


def message(text: str) -> Message:
    return Message("soak.row", "even", "C0LABEVEN0", text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("soak.row/5 and a footer", "soak.row/5"),
        (":inbox_tray: 3 rows (soak.row, ids 2 to 6) were found at once", "digest/2-6"),
        (":inbox_tray: 3 rows (soak.time, ids 5f0c-1 to a0-2) were found at once", "digest/5f0c-1-a0-2"),
    ],
)
@pytest.mark.parametrize(("share", "unknown"), [(0.0, 0), (1.0, 20)])
def test_slack_counts_what_it_took_and_what_nobody_knows(text: str, word: str, share: float, unknown: int) -> None:
    slack = Slack(Random(1), share)

    def post() -> None:
        slack.post(message(text))

    for _ in range(20):
        refused(post) if share else post()
    assert slack.unknown[word] == unknown
    assert slack.said == {word: text}
    assert 0 < slack.posts[word] <= 20
    assert (slack.posts[word] == 20) == (not unknown)


def refused(act: Callable[[], None]) -> None:
    with pytest.raises(SlackError, match="SLACK_AMBIGUOUS"):
        act()


def test_a_digest_that_is_sent_again_must_not_have_changed() -> None:
    intake = Intake(Queue("events"), lambda: 0.0)
    first, same, other = (messages.event("soak.row", Digest(7, count, 0, 2, 6), 0) for count in (3, 3, 4))
    intake.send([first, same])
    assert intake.changed == []
    intake.send([other])
    assert intake.changed == [json.loads(other)["event_id"]]
    assert len(intake.queue.messages) == 3
    assert intake.events == {}


def test_what_an_event_says_is_known_before_it_is_posted() -> None:
    intake = Intake(Queue("events"), lambda: 0.0)
    row = PolledRow(7, change=(None, "paid"), key="paid")
    intake.send([messages.request("soak.row"), *(messages.event("soak.row", one, 0) for one in (row, PolledRow(8)))])
    assert intake.events == {"soak.row/7/paid": {"old": None, "new": "paid"}, "soak.row/8": {}}
