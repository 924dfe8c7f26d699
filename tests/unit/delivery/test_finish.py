"""Every record is done, parked once, or still in the queue; and each of that is written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handler.delivery.finish import Finisher
from handler.delivery.ledger import Ledger
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase, decode
from handler.errors import ConfigError
from handler.model import Event, Record
from handler.outcome import IDENTITY_REUSED, Outcome, Parked, State
from tests.kit import FakePark, FakeQueue, FakeTable, end

NOW = 1_000_000.0
EVENT = Event("order.created", 1, "e1")
LAST = 5


class World:
    def __init__(self, park_error: Exception | None = None) -> None:
        self.table, self.park, self.queue = FakeTable(lambda: NOW), FakePark(park_error), FakeQueue()
        self.ledger = Ledger(self.table)

    def finish(self, *outcomes: Outcome) -> list[Outcome]:
        return Finisher(self.park, self.queue, self.ledger, LAST, lambda: NOW)(outcomes)

    def phases(self) -> dict[str, str]:
        return {item.sort: str(item.values["phase"]) for item in self.table.items("event#e1")}


def outcome(state: State, code: str = "", channel: str = "orders", attempt: int = 1, **more: Any) -> Outcome:
    record = more.pop("record", Record("r1", "{}", attempt=attempt))
    return Outcome(record, end(state, code, more.pop("due", 0.0)), EVENT, "order.created", channel, **more)


def states(outcomes: list[Outcome]) -> list[str]:
    return [one.state.value for one in outcomes]


def test_what_cannot_succeed_is_parked_and_written_down() -> None:
    world = World()
    assert states(world.finish(outcome(State.PARKED, "TEMPLATE_FAILED"))) == ["parked"]
    assert [one.code for one in world.park.parked] == ["TEMPLATE_FAILED"]
    assert world.phases() == {"order.created#orders": "parked"}
    assert world.queue.waits == {}


def test_a_record_that_comes_again_after_it_was_parked_is_not_parked_again() -> None:
    world = World()
    world.finish(outcome(State.PARKED, "TEMPLATE_FAILED"))
    assert states(world.finish(outcome(State.PARKED, "TEMPLATE_FAILED"))) == ["repeated"]
    replay = Record("r2", "{}", attributes={"replayed_at": "2026-11-25T10:00:00+00:00"})
    assert states(world.finish(outcome(State.PARKED, "TEMPLATE_FAILED", record=replay))) == ["parked"]
    assert len(world.park.parked) == 2


def test_a_record_stays_while_one_of_its_deliveries_is_to_be_retried() -> None:
    world = World()
    settled = world.finish(outcome(State.PARKED, "SLACK_CONFIG"), outcome(State.RETRY, "SLACK_UNAVAILABLE", "vip"))
    assert states(settled) == ["parked", "retry"]
    assert world.park.parked == []
    assert world.phases() == {}


def test_its_last_delivery_parks_a_record_once_with_all_that_is_left_of_it() -> None:
    world = World()
    settled = world.finish(
        outcome(State.DELIVERED, attempt=LAST),
        outcome(State.RETRY, "SLACK_UNAVAILABLE", "vip", LAST),
        outcome(State.RETRY, "SLACK_HELD", "ops", LAST),
        outcome(State.RETRY, "SLACK_HELD", "orders", LAST, notice=True),
    )
    assert states(settled) == ["delivered", "parked", "parked", "parked"]
    assert [one.code for one in world.park.parked] == ["SLACK_UNAVAILABLE"]
    rows = ("order.created#vip", "order.created#ops")
    assert world.phases() == dict.fromkeys(rows, "parked"), "a notice is not written down with its event"
    assert world.queue.waits == {}


def test_a_parked_record_has_the_codes_of_all_its_deliveries_that_failed() -> None:
    world = World()
    world.finish(
        outcome(State.PARKED, "TEMPLATE_UNDEFINED", "orders"),
        outcome(State.PARKED, "QUERY_INVALID", "vip"),
        outcome(State.PARKED, "TEMPLATE_UNDEFINED", "ops"),
        outcome(State.PARKED, "SLACK_CONFIG", "orders", notice=True),
    )
    (parked,) = world.park.parked
    assert parked.end == Parked("TEMPLATE_UNDEFINED", "detail", ("QUERY_INVALID",))


def test_a_record_that_cannot_be_parked_stays_in_the_queue() -> None:
    world = World(ConfigError("CONFIG_UNAVAILABLE", "the dead-letter queue"))
    assert states(world.finish(outcome(State.PARKED, "SLACK_CONFIG", attempt=LAST))) == ["retry"]
    assert world.phases() == {}


def test_what_was_delivered_stays_delivered_if_its_record_cannot_be_parked() -> None:
    world = World(ConfigError("CONFIG_UNAVAILABLE", "the dead-letter queue"))
    lost = outcome(State.RETRY, "SLACK_UNAVAILABLE", "vip", LAST, due=NOW + 30)
    finished = world.finish(outcome(State.DELIVERED, attempt=LAST), lost)
    assert states(finished) == ["delivered", "retry"]
    assert world.queue.waits["r1"] == 30


def test_what_cannot_be_written_down_at_the_last_attempt_stays_suppressed() -> None:
    world = World()
    world.table.broken = ConfigError("LEDGER_UNAVAILABLE", "down")
    assert states(world.finish(outcome(State.SUPPRESSED, "WHEN", attempt=LAST))) == ["suppressed"]
    assert world.park.parked == []


def test_a_notice_alone_parks_no_record_at_the_last_attempt() -> None:
    world = World()
    world.finish(outcome(State.RETRY, "SLACK_UNAVAILABLE", attempt=LAST, notice=True))
    assert world.park.parked == []


def test_a_first_attempt_that_goes_well_reads_nothing() -> None:
    world, read = World(), []
    world.table.items = lambda partition: read.append(partition) or []  # type: ignore[method-assign]
    world.finish(outcome(State.DELIVERED), outcome(State.SUPPRESSED, "WHEN", "vip"))
    assert read == []


def test_an_event_whose_identity_was_used_before_is_told_apart_from_one_that_comes_again() -> None:
    world = World()
    key = DeliveryKey("e1", "order.created", "orders")
    theirs = DeliveryRecord(Phase.PARKED, NOW, event_type="order.created", event_id="7")
    world.ledger.write(key, theirs, None)
    (finished,) = world.finish(outcome(State.PARKED, "TEMPLATE_FAILED"))
    assert (finished.state, finished.code) == (State.REPEATED, IDENTITY_REUSED)
    assert world.park.parked == []


def test_parking_does_without_the_ledger() -> None:
    world = World()
    world.table.broken = ConfigError("LEDGER_UNAVAILABLE")
    assert states(world.finish(outcome(State.PARKED, "SLACK_CONFIG"))) == ["parked"]
    assert len(world.park.parked) == 1


def test_a_notice_that_was_not_posted_keeps_its_record_until_the_last_delivery() -> None:
    pair = (outcome(State.PARKED, "TEMPLATE_FAILED"), outcome(State.RETRY, "SLACK_UNAVAILABLE", notice=True))
    world = World()
    assert states(world.finish(*pair)) == ["parked", "retry"]
    assert world.park.parked == []
    last = [replace(one, record=Record("r1", "{}", attempt=LAST)) for one in pair]
    assert states(world.finish(*last)) == ["parked", "parked"]
    assert len(world.park.parked) == 1


def test_a_notice_that_slack_refuses_parks_nothing_more() -> None:
    world = World()
    world.finish(outcome(State.PARKED, "SLACK_CONFIG", notice=True), outcome(State.DELIVERED))
    assert world.park.parked == []


def test_a_notice_that_only_counts_an_event_is_not_written_down_with_it() -> None:
    world = World()
    world.finish(outcome(State.PARKED, "TEMPLATE_FAILED", ""), outcome(State.SUPPRESSED, "NOTICE_COUNTED", notice=True))
    assert world.phases() == {"order.created#-": "parked"}


def test_what_is_suppressed_is_written_down_and_overwrites_nothing() -> None:
    world = World()
    world.finish(outcome(State.SUPPRESSED, "WHEN", channel=""))
    assert world.phases() == {"order.created#-": "suppressed"}
    world.ledger.write(DeliveryKey("e1", "order.created", "orders"), DeliveryRecord(Phase.DELIVERED, NOW), None)
    world.finish(outcome(State.SUPPRESSED, "WHEN", channel="orders"))
    assert world.phases()["order.created#orders"] == "delivered"


def test_a_stub_whose_row_never_came_stays_as_it_is() -> None:
    world = World()
    world.ledger.write(DeliveryKey("e1", "order.created", "orders"), DeliveryRecord(Phase.STUB, NOW, ts="1.0"), None)
    (settled,) = world.finish(outcome(State.RETRY, "ROW_STUB", attempt=LAST))
    assert (settled.state, settled.detail) == (State.DELIVERED, "the row never came")
    assert world.phases() == {"order.created#orders": "delivered"}
    assert world.park.parked == []


@pytest.mark.parametrize(
    ("dues", "low", "high"),
    [
        ([0.0], 4.0, 6.0),
        ([NOW + 90], 90, 90),
        ([NOW + 90, NOW + 30], 30, 30),
        ([NOW + 30, NOW + 90], 30, 30),
        ([NOW - 5], 0, 0),
    ],
)
def test_a_record_comes_again_when_its_first_delivery_is_due(dues: list[float], low: float, high: float) -> None:
    world = World()
    world.finish(*[outcome(State.RETRY, "SLACK_UNAVAILABLE", f"c{n}", due=due) for n, due in enumerate(dues)])
    assert low <= world.queue.waits["r1"] <= high


def test_what_cannot_be_written_down_as_suppressed_comes_again() -> None:
    world = World()
    world.table.broken = ConfigError("LEDGER_UNAVAILABLE", "down")
    (settled,) = world.finish(outcome(State.SUPPRESSED, "WHEN"))
    assert (settled.state, settled.code) == (State.RETRY, "LEDGER_UNAVAILABLE")
    assert "r1" in world.queue.waits


def test_an_event_of_somebody_else_leaves_no_trace() -> None:
    world = World()
    ignored = replace(outcome(State.SUPPRESSED, "EVENT_TYPE_UNKNOWN"), notification="", channel="")
    assert states(world.finish(ignored)) == ["suppressed"]
    assert world.table.rows == {}


def test_a_ledger_that_is_down_is_asked_once() -> None:
    world, asked = World(), []

    def down(item: Any) -> Any:
        asked.append(item)
        raise ConfigError("LEDGER_UNAVAILABLE", "down")

    world.table.swap = down  # type: ignore[method-assign]
    records = [Record(f"r{number}", "{}") for number in range(10)]
    settled = world.finish(*[outcome(State.SUPPRESSED, "WHEN", record=one) for one in records])
    assert states(settled) == ["retry"] * 10
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("ended", "code", "left", "swept"),
    [
        (State.DELIVERED, "", Phase.WAITING, ("suppressed", "SUPERSEDED")),
        (State.SUPPRESSED, "WHEN", Phase.WAITING, ("suppressed", "WHEN")),
        (State.PARKED, "SLACK_CONFIG", Phase.UNKNOWN, ("parked", "SLACK_CONFIG")),
        (State.DELIVERED, "", Phase.SENDING, ("sending", "")),
        (State.DELIVERED, "", Phase.DELIVERED, ("delivered", "")),
        (State.RETRY, "SLACK_UNAVAILABLE", Phase.WAITING, ("waiting", "")),
    ],
)
def test_what_an_earlier_attempt_left_open_is_closed_with_its_record(
    ended: State, code: str, left: Phase, swept: tuple[str, str]
) -> None:
    """The route led elsewhere when the record came again."""
    world = World()
    world.ledger.write(DeliveryKey("e1", "order.created", "vip"), DeliveryRecord(left, NOW), None)
    world.finish(outcome(ended, code, attempt=2))
    entry = decode(world.table.rows["event#e1", "order.created#vip"])
    assert (entry.phase.value, entry.code) == swept


@pytest.mark.parametrize(
    ("before", "doubts", "since"),
    [
        (DeliveryRecord(Phase.UNKNOWN, 9.0, ambiguous_posts=2, ambiguous_since=7.0), 2, 7.0),
        (DeliveryRecord(Phase.WAITING, 9.0, ambiguous_posts=1, ambiguous_since=7.0), 1, 7.0),
        (DeliveryRecord(Phase.WAITING, 9.0), 0, 0.0),
        # Its process was killed in the middle of the post, so that Slack may have the message.
        (DeliveryRecord(Phase.SENDING, 9.0), 1, 9.0),
        (DeliveryRecord(Phase.SENDING, 9.0, ambiguous_posts=1, ambiguous_since=7.0), 2, 7.0),
        (DeliveryRecord(Phase.SENDING, 9.0, ts="1700000000.000100"), 0, 0.0),  # an edit may be repeated
    ],
)
def test_a_parked_delivery_keeps_count_of_posts_with_unknown_outcome(
    before: DeliveryRecord, doubts: int, since: float
) -> None:
    """A replay reads back first where one of them may be in the channel."""
    world = World()
    world.ledger.write(DeliveryKey("e1", "order.created", "orders"), before, None)
    world.finish(outcome(State.PARKED, "SLACK_CREDENTIAL"))
    entry = decode(world.table.rows["event#e1", "order.created#orders"])
    assert (entry.phase, entry.ambiguous_posts, entry.ambiguous_since) == (Phase.PARKED, doubts, since)


def test_a_replay_that_is_suppressed_is_parked_no_more() -> None:
    world = World()
    world.finish(outcome(State.PARKED, "TEMPLATE_FAILED", channel=""))
    replay = Record("r2", "{}", attributes={"replayed_at": "2026-11-25T10:00:00+00:00"})
    world.finish(outcome(State.SUPPRESSED, "WHEN", channel="", record=replay))
    assert world.phases() == {"order.created#-": "suppressed"}
