"""Messages that come twice, functions that end in the middle, a ledger that is away: what must hold (docs/faults.md).

Two execution environments stand behind a queue whose time jumps: hours of waiting pass at once, work takes its time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lab.queue import Environment, Limits
from tests.delivery_kit import HOUR, Line
from tests.delivery_parts import ORDERS

ANY_MODE = pytest.mark.parametrize("mode", ["read-back", "repost", "webhook"])
# How often one event may be posted if the outcome of its first post is unknown.
POSTS = {"read-back": 1, "repost": 2, "webhook": 2}


# Messages that come again, or in another order


@pytest.mark.parametrize(
    ("bodies", "posts"),
    [
        ([{"event_id": "a"}, {"event_id": "a"}], 1),
        ([{}, {}], 2),
        ([{"event_id": "b"}, {"event_id": "c"}], 2),
    ],
    ids=["published twice", "published twice without an event_id", "two events about one thing"],
)
def test_an_event_is_known_by_its_id(line: Line, bodies: list[dict[str, str]], posts: int) -> None:
    for body in bodies:
        line.publish(**body)
    line.run()
    assert line.posts("plain") == posts
    assert len(line.lines("repeated")) == 2 - posts
    assert line.parked() == []


def test_a_message_that_comes_again_afterwards_is_not_posted_again(line: Line) -> None:
    message = line.publish()
    line.run()
    for _ in range(3):
        line.put(message.body, name=message.id)
        line.run()
    assert line.posts("plain") == 1
    assert line.codes("repeated") == ["DELIVERED"] * 3


def each(line: Line) -> Counter[str]:
    """How often each event was posted."""
    return Counter(line.texts(ORDERS))


def test_two_workers_with_the_same_messages_post_each_once(line: Line) -> None:
    line.warm()
    messages = [line.publish(event_id=f"event-{number}") for number in range(10)]
    line.later(2)
    for message in messages:
        line.put(message.body, name=message.id)
    line.slack.order("delay", seconds=2.0, method="chat.postMessage", text="event-5")  # until both have met it
    line.run()
    assert each(line) == {f"plain event-{number}": 1 for number in range(10)}
    assert "LEDGER_BUSY" in line.codes("retry")
    assert {ended.batch.messages[0].receives for ended in line.ended[:2]} == {1}


def test_the_newest_state_is_shown_whatever_order_its_events_come_in(line: Line) -> None:
    for version, note in ((1, "first"), (3, "third")):
        line.insert(7, note, version)
        line.cloud.database.wait_for_replica()
        line.publish("fault.state", 7, version=version)
        line.run()
    line.publish("fault.state", 7, version=2)
    line.run()
    assert line.texts() == ["state of 7: third"]


# Functions that end in the middle


def test_a_deadline_in_the_middle_of_a_batch_costs_nothing(line: Line) -> None:
    line.publish()
    line.run()
    line.source.begun = lambda _environment, _messages: Limits(timeout=0.8 if not line.ended[1:] else 60.0)
    line.slack.order("delay", seconds=30, text="event-5", method="chat.postMessage")
    for number in range(10):
        line.publish(event_id=f"event-{number}")
    line.run()
    assert line.ended[1].died
    assert {number for text, number in each(line).items() if "event" in text} == {1}
    assert len(each(line)) == 11
    assert "READ_BACK" in line.codes("delivered")
    assert line.parked() == []


@pytest.mark.parametrize(("lag", "posts"), [(0, 1), (HOUR, 2)], ids=["shown in time", "shown too late"])
def test_who_is_frozen_in_the_middle_of_a_post_overwrites_nothing_afterwards(
    line: Line, lag: float, posts: int
) -> None:
    line.slack.configure(history_lag=lag)
    line.slack.order("delay", seconds=0.5, method="chat.postMessage")
    line.publish(event_id="frozen")

    def freeze(environment: Environment) -> None:
        environment.freeze()
        line.source.agenda.at(line.now() + 600, environment.thaw)

    line.once(lambda _: line.posts("frozen") == 1, freeze)
    line.run()
    assert line.posts("frozen") == posts
    (row,) = line.rows()
    assert (row["phase"], row["ts"]) == ("delivered", line.slack.messages(ORDERS)[-1]["ts"])
    assert line.parked() == []


def test_a_lookup_that_outlives_its_visibility_is_posted_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line.source.queue, "_visibility", 0.3)
    line.cloud.api.fault("/customers/1", "delay", seconds=0.7, times=2)
    line.publish("fault.slow")
    line.run()
    assert len(line.ended) > 1
    assert line.posts("slow") == 1


# The ledger


@pytest.mark.parametrize("trouble", ["refuse", "throttle"])
def test_without_the_ledger_nothing_is_posted_until_it_is_back(line: Line, trouble: str) -> None:
    line.to_ledger.set(trouble)  # type: ignore[arg-type]
    line.publish()
    line.run_one()
    assert line.codes("retry") == ["LEDGER_UNAVAILABLE"]
    assert line.metrics("LedgerErrors")
    assert line.texts() == []
    line.to_ledger.set("pass")
    line.run()
    assert line.posts("plain") == 1
    assert line.codes("delivered") == [""]


@ANY_MODE
def test_a_ledger_that_goes_away_during_the_post_is_a_doubt(line: Line, mode: str) -> None:
    line.slack.order("delay", seconds=0.5)
    message = line.publish()
    line.once(lambda _: line.posts("plain") == 1, lambda _: line.to_ledger.set("refuse"))
    line.run()
    assert "not in the ledger" in line.lines("delivered")[0]["detail"]
    line.to_ledger.set("pass")
    line.put(message.body, name=message.id)
    line.run()
    assert line.posts("plain") == POSTS[mode]
    assert [row["phase"] for row in line.rows()] == ["delivered"]


@pytest.mark.parametrize("said", ["occurred_at", "first_sent_at"])
def test_what_is_older_than_the_ledger_remembers_is_parked(line: Line, said: str) -> None:
    then = datetime.fromtimestamp(line.now(), UTC).isoformat()
    body = line.body(**({said: then} if said == "occurred_at" else {}))
    line.put(body)
    line.run()
    line.later(31 * 24 * HOUR)
    replayed = {"replayed_at": datetime.fromtimestamp(line.now(), UTC).isoformat()}
    line.put(body, attributes={**replayed, **({said: then} if said == "first_sent_at" else {})})
    line.run()
    assert line.posts("plain") == 1
    assert line.parked() == ["EVENT_STALE"]


# Batches


BAD = ["{", "[]", "{}", '{"type": 5, "id": 1}', '{"type": "fault.plain"}', '{"type": "fault.plain", "id": "x"}']


def test_one_bad_message_costs_its_nine_neighbours_nothing(line: Line) -> None:
    for number in range(9):
        line.publish(event_id=f"event-{number}")
    line.put("{")
    line.run()
    assert set(each(line).values()) == {1}
    assert len(each(line)) == 9
    assert line.parked() == ["EVENT_NOT_JSON"]
    assert len(line.ended) == 1


def test_a_batch_of_nothing_but_bad_messages_is_parked_at_once(line: Line) -> None:
    for body in BAD:
        line.put(body)
    line.run()
    assert len(line.ended) == 1
    assert line.ended[0].result == {"batchItemFailures": []}
    assert sorted(message.body for message in line.dead.messages) == sorted(BAD)
    assert all(line.parked())


def test_a_batch_that_fails_as_a_whole_is_parked_after_its_last_delivery(line: Line) -> None:
    line.to_slack.set("refuse")
    for _ in range(10):
        line.publish()
    queue = line.source.queue
    for key, message in queue._messages.items():
        queue._messages[key] = replace(message, receives=48)
    line.run()
    assert len(line.lines("retry")) == 10
    assert set(line.parked()) == {"SLACK_UNAVAILABLE", "SLACK_HELD"}
    assert len(line.parked()) == 10
    assert all(not ended.died and ended.error is None for ended in line.ended)
