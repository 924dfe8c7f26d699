"""What an event that failed does to the notice about its problem, in every situation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from handler.adapters.state.table import from_attributes, to_attributes
from handler.delivery.decide import LEASE_SECONDS
from handler.delivery.notices import EDIT_SECONDS, REPOST_SECONDS, Plan, Standing, key_of_notice, plan
from handler.delivery.records import FINAL, DeliveryKey, DeliveryRecord, Phase
from handler.delivery.situation import ChannelState, Policy
from handler.delivery.tallies import KEPT_SECONDS, Tally, decode, encode
from handler.state_item import Item

NOW = 1_000_000.0
TS = "999.000100"
POLICIES = [
    Policy(can_edit=False, on_ambiguous="repost"),
    Policy(can_edit=False, on_ambiguous="park"),
    *(Policy(can_edit=True, on_ambiguous=rule) for rule in ("read-back", "repost", "park")),
]
BOT, WEBHOOK = POLICIES[3], POLICIES[0]
CHANNELS = [ChannelState(paused, waiters) for paused, waiters in product((False, True), repeat=2)]
AGES = (0.0, LEASE_SECONDS, EDIT_SECONDS, REPOST_SECONDS)


def tallies() -> Iterator[Tally | None]:
    yield None
    for age, told, untold in product(AGES, (1, 7), (0, 4)):
        yield Tally(NOW - age, NOW - age, told, NOW - age, untold)


def records(age: float) -> Iterator[DeliveryRecord | None]:
    yield None
    for phase, until, posts in product(Phase, (-1.0, 0.0, 60.0), (0, 1, 2)):
        yield DeliveryRecord(phase, NOW - age, NOW + until, channel="C1", ts=TS, ambiguous_posts=posts)


def standings() -> Iterator[Standing]:
    for tally, policy, channel, is_new in product(tallies(), POLICIES, CHANNELS, (False, True)):
        for record in records(NOW - tally.began) if tally else [None]:
            yield Standing(tally, record, is_new, policy, channel, NOW)


def total(tally: Tally | None) -> int:
    return tally.told + tally.untold if tally else 0


def test_each_situation_has_a_plan_that_keeps_the_rules() -> None:
    acts = set()
    for it in standings():
        planned = plan(it)
        _check(it, planned)
        acts.add((planned.act, it.policy.can_edit))
    assert acts == {("post", False), ("nothing", False), ("post", True), ("nothing", True), ("edit", True)}


def _check(it: Standing, planned: Plan) -> None:
    tally, record = it.tally, it.record
    if tally is None:
        assert planned == Plan(Tally(NOW, NOW, 1, NOW), "post")
        return
    if not it.is_new:
        assert planned.tally is None, "an event that came again was counted again"
        assert planned.act in ("post", "nothing")
        assert not (record and record.phase is Phase.DELIVERED and planned.act == "post")
        return
    assert planned.tally
    begins_next = planned.tally.began != tally.began
    assert total(planned.tally) == (tally.untold + 1 if begins_next else total(tally) + 1)
    quiet = NOW - max(tally.told_at, record.at if record else 0.0)
    if planned.act == "edit":
        assert it.policy.can_edit
        assert it.channel == ChannelState(), "an edit would wait for the channel"
        assert record
        assert (record.phase, quiet >= EDIT_SECONDS) == (Phase.DELIVERED, True)
        assert (planned.tally.untold, planned.tally.told_at) == (0, NOW)
    if begins_next:
        assert (planned.act, it.policy.can_edit) == ("post", False)
        assert quiet >= REPOST_SECONDS
        assert planned.tally.since == tally.told_at, "the next notice tells of what the last one did not"
    elif planned.act == "post":
        assert record is None or (record.phase not in FINAL and record.until <= NOW), "somebody else is posting it"


@pytest.mark.parametrize(
    ("age", "policy", "act"),
    [
        (29.0, BOT, "nothing"),
        (30.0, BOT, "edit"),
        (3599.0, BOT, "edit"),
        (30.0, WEBHOOK, "nothing"),
        (3599.0, WEBHOOK, "nothing"),
        (3600.0, WEBHOOK, "post"),
    ],
)
def test_a_bot_edits_after_half_a_minute_and_a_webhook_posts_after_an_hour(
    age: float, policy: Policy, act: str
) -> None:
    then = NOW - age
    tally = Tally(then, then, 1, then, untold=198)
    record = DeliveryRecord(Phase.DELIVERED, then, channel="C1", ts=TS)
    planned = plan(Standing(tally, record, is_new=True, policy=policy, channel=ChannelState(), now=NOW))
    assert planned.act == act
    assert planned.tally
    told = {"nothing": (1, 199), "edit": (200, 0), "post": (199, 0)}[act]
    assert (planned.tally.told, planned.tally.untold) == told


@pytest.mark.parametrize(("age", "act"), [(LEASE_SECONDS - 0.1, "nothing"), (LEASE_SECONDS, "post")])
def test_a_notice_that_nobody_claims_is_posted_by_the_next_event_after_a_lease(age: float, act: str) -> None:
    tally = Tally(NOW - age, NOW - age, 1, NOW - age)
    assert plan(Standing(tally, None, True, BOT, ChannelState(), NOW)) == Plan(tally.counted(), act)


@pytest.mark.parametrize(("until", "act"), [(NOW + 0.1, "nothing"), (NOW, "post")])
def test_a_notice_that_waits_is_posted_by_the_next_event_once_its_time_has_come(until: float, act: str) -> None:
    tally = Tally(NOW - 100, NOW - 100, 1, NOW - 100)
    record = DeliveryRecord(Phase.WAITING, NOW - 5, until)
    assert plan(Standing(tally, record, True, BOT, ChannelState(), NOW)) == Plan(tally.counted(), act)


@pytest.mark.parametrize(
    ("rule", "phase", "posts", "ended"),
    [
        ("park", Phase.SENDING, 0, True),
        ("park", Phase.UNKNOWN, 1, True),
        ("repost", Phase.SENDING, 0, False),
        ("repost", Phase.SENDING, 1, True),
        ("repost", Phase.UNKNOWN, 1, False),
        ("repost", Phase.UNKNOWN, 2, True),
        ("read-back", Phase.SENDING, 9, False),
        ("read-back", Phase.UNKNOWN, 9, False),
    ],
)
def test_a_notice_of_which_nothing_more_is_posted_only_counts(rule: Any, phase: Phase, posts: int, ended: bool) -> None:
    """Its worker is gone, and the outcome of its last post stays unknown."""
    tally = Tally(NOW - 200, NOW - 200, 1, NOW - 200)
    record = DeliveryRecord(phase, NOW - 150, NOW - 130, ambiguous_posts=posts)
    planned = plan(Standing(tally, record, True, Policy(True, rule), ChannelState(), NOW))
    assert planned == Plan(tally.counted(), "nothing" if ended else "post")


def test_what_counts_is_when_the_post_succeeded() -> None:
    """It may have waited for hours, and the next notice must not follow at once."""
    tally = Tally(NOW - 9000, NOW - 9000, 1, NOW - 9000)
    record = DeliveryRecord(Phase.DELIVERED, NOW - 10, channel="C1", ts=TS)
    for policy in (BOT, WEBHOOK):
        assert plan(Standing(tally, record, True, policy, ChannelState(), NOW)).act == "nothing"


def test_a_tally_is_stored_as_it_is_and_for_a_day() -> None:
    tally = Tally(NOW + 0.25, NOW - 1.5, 7, NOW + 30.5, 3)
    item = encode("abc", tally)
    assert decode(item) == tally
    assert (item.partition, item.sort, item.expires_at) == ("notice#abc", "-", int(NOW + KEPT_SECONDS))


@pytest.mark.parametrize("began", [NOW, NOW + 0.1, 1_796_064_959.123_456_7])
def test_whoever_reads_a_tally_finds_the_record_of_its_notice(began: float) -> None:
    """DynamoDB writes 1000000.0 as 1000000, and the key of the record has the time in it."""
    attributes = to_attributes(encode("abc", Tally.first(began)))
    written = {name: {"N": one["N"].removesuffix(".0")} if "N" in one else one for name, one in attributes.items()}
    found = decode(from_attributes(written))
    assert key_of_notice("abc", found.began, "n", "c") == key_of_notice("abc", began, "n", "c")


def test_the_key_of_a_notice_can_be_no_events() -> None:
    key = key_of_notice("abc", NOW, "order.created", "orders")
    assert not key.event.isprintable()
    assert key.notice
    assert DeliveryKey.of(Item(key.partition, key.sort, {}, 0)) == key
