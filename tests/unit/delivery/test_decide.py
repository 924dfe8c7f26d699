"""The pure core, over all situations, and over all that can happen next.

First each situation alone: every record, channel, thread and policy. Then whole lives: a model of Slack and of the
ledger follows every decision with every result that it can have, until nothing new comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from handler.delivery.after import Failure, NewerShown, Result, SlotTaken, Step, after, anew, is_gone
from handler.delivery.decide import (
    EARLY_SECONDS,
    GRACE_SECONDS,
    LEASE_SECONDS,
    MAX_AMBIGUOUS_POSTS,
    REPOST_SECONDS,
    STUB,
    Decision,
    Edit,
    NeedRecord,
    NeedThread,
    Post,
    ReadBack,
    Stop,
    TakeSlot,
    decide,
)
from handler.delivery.records import FINAL, DeliveryRecord, Phase
from handler.delivery.situation import ChannelState, Facts, Place, Policy, Situation
from handler.errors import CODES, NotifierError, SlackError
from handler.model import Receipt
from handler.outcome import Delivered, Parked, Repeated, Retry

NOW = 1_000_000.0
TS = "999.000100"
SLOT = NOW + 3
FACTS = Facts("order.created", "1042")
POLICIES = [
    Policy(can_edit=False, on_ambiguous="repost"),
    Policy(can_edit=False, on_ambiguous="park"),
    *(Policy(can_edit=True, on_ambiguous=rule) for rule in ("read-back", "repost", "park")),
]
CHANNELS = [ChannelState(paused, waiters) for paused, waiters in product((False, True), repeat=2)]
PLACES = [None, Place(), Place("888.000100"), Place(busy_until=NOW + 60)]
CODES_OF = {
    Phase.WAITING: ("SLACK_RATE_LIMITED", "SLACK_UNAVAILABLE"),
    Phase.PARKED: ("SLACK_RATE_LIMITED", "SLACK_AMBIGUOUS"),
}
# A record's time counts from now: over long ago, over a moment ago, in a slot's reach, and still to come.
UNTIL = (-GRACE_SECONDS - 1, -1.0, EARLY_SECONDS / 2, 60.0)


def facts() -> Iterator[Facts]:
    for in_thread, update, stub, replayed in product((False, True), repeat=4):
        if in_thread or not update:  # lint accepts `update` with a thread alone
            yield replace(FACTS, in_thread=in_thread, update=update, stub=stub, replayed=replayed)


def records() -> Iterator[DeliveryRecord | None]:
    yield None
    about = {"event_type": FACTS.event_type, "event_id": FACTS.event_id}
    for phase, until, posts, ts in product(Phase, UNTIL, (0, 1, 2), ("", TS)):
        codes = CODES_OF.get(phase, ("SLACK_AMBIGUOUS",))
        for code in codes:
            since = NOW - 50 if posts else 0.0
            yield DeliveryRecord(phase, NOW - 9, NOW + until, code, "C1" if ts else "", ts, posts, since, **about)


def situations(channels: list[ChannelState] = CHANNELS) -> Iterator[Situation]:
    """Every situation in which the function can be, and many in which it cannot."""
    for given, policy, channel, record in product(facts(), POLICIES, channels, records()):
        places = PLACES if given.in_thread and policy.can_edit else [None]
        looked = (False, True) if record and policy.reads_back else (False,)
        read = (True,) if record else (False, True)
        for ledger_read, place, not_in_channel in product(read, places, looked):
            yield Situation(given, policy, channel, NOW, record, ledger_read, place, not_in_channel)


def test_every_situation_has_a_decision_and_each_decision_keeps_the_rules() -> None:
    count, kinds = 0, set()
    for it in situations():
        decision = decide(it)
        _check(it, decision)
        count += 1
        kinds.add(type(decision))
    assert count > 50_000
    assert kinds == {NeedRecord, NeedThread, TakeSlot, ReadBack, Post, Edit, Stop}


def _check(it: Situation, decision: Decision) -> None:
    record = it.record
    match decision:
        case Post() | Edit():
            _check_sending(it, decision)
        case TakeSlot(before):
            assert it.channel.paused or it.channel.has_waiters
            assert before.ts == _own_message(it)
        case ReadBack():
            assert it.policy.reads_back
            assert not it.not_in_channel
            assert record
            assert decision.since == record.abandoned.ambiguous_since > 0 or not record.abandoned.ambiguous_posts
            assert decision.thread_ts == (it.place.ts if it.place else "")
            assert decision.begins_thread == (it.place is not None and not it.place.ts)
            assert record.phase is not Phase.PARKED or record.ambiguous_posts
        case NeedRecord():
            assert not it.ledger_read
            assert record is None
            assert it.channel.has_waiters
        case NeedThread():
            assert it.place is None
            assert it.facts.in_thread
            assert it.policy.can_edit
        case Stop(Retry()):
            _check_waiting(it, decision.end)  # type: ignore[arg-type]
        case Stop(Repeated() as end):
            assert record
            assert record.phase in FINAL
            receipt = Receipt(record.channel, record.ts) if record.channel else None
            assert end == Repeated(record.phase.value.upper(), record.code, receipt)
        case Stop(end):
            assert isinstance(end, Parked)
            assert not it.policy.reads_back
            assert it.policy.on_ambiguous == "park" or record.abandoned.ambiguous_posts >= MAX_AMBIGUOUS_POSTS  # type: ignore[union-attr]


def _own_message(it: Situation) -> str:
    """The message of this delivery that an edit is for: a stub, or what an edit failed to change before."""
    record = it.record
    return record.ts if record and it.policy.can_edit and record.phase is not Phase.PARKED else ""


def _check_waiting(it: Situation, end: Retry) -> None:
    record, backoff = it.record, it.now + it.facts.backoff
    assert end.due > it.now
    assert end.detail == CODES[end.code].meaning
    if end.code == "THREAD_BUSY":
        assert it.place
        assert end.due == min(backoff, it.place.busy_until)
    elif end.code == STUB:
        assert end.due == backoff
    else:
        assert record
        is_over = record.until <= it.now or record.phase is Phase.PARKED
        looked = end.code == "SLACK_AMBIGUOUS" and it.not_in_channel and is_over
        assert end.due == record.until + (GRACE_SECONDS if looked else 0)


def _check_sending(it: Situation, decision: Post | Edit) -> None:
    record, claim = it.record, decision.claim
    assert (claim.phase, claim.at, claim.until) == (Phase.SENDING, it.now, it.now + LEASE_SECONDS)
    assert not it.channel.paused
    assert not (it.place and it.place.busy_until and it.policy.can_edit and it.facts.in_thread)
    begins = it.place is not None and not it.place.ts
    assert decision.begins_thread == begins
    if isinstance(decision, Edit):
        assert claim.ts == _own_message(it) or (it.place and not _own_message(it) and claim.ts == it.place.ts)
        assert it.policy.can_edit
    else:
        assert (claim.ts, _own_message(it)) == ("", "")
        assert decision.thread_ts == (it.place.ts if it.place else "")
    if it.channel.has_waiters:
        assert record
        assert (record.phase, record.code) == (Phase.WAITING, "SLACK_RATE_LIMITED"), "posted without a slot"
    if record is None:
        return
    assert record.phase not in FINAL or (record.phase is Phase.PARKED and it.facts.replayed)
    if record.phase is Phase.SENDING:
        assert record.until <= it.now, "another worker may be posting it"
    had = record.abandoned.ambiguous_posts
    counted = (claim.ambiguous_posts, claim.ambiguous_since)
    if record.phase is Phase.PARKED and not it.policy.reads_back:
        assert counted == (0, 0.0), "a replay begins anew"
    else:
        assert counted == (had, record.abandoned.ambiguous_since), "a post whose outcome is unknown was forgotten"
    if record.phase in (Phase.SENDING, Phase.UNKNOWN) and not record.ts:
        if it.policy.reads_back:
            assert it.not_in_channel, "posted again without looking"
        else:
            assert it.policy.on_ambiguous != "park"
            assert had < MAX_AMBIGUOUS_POSTS


def test_a_delivery_that_goes_well_needs_nothing_but_its_claim() -> None:
    for policy in POLICIES:
        it = Situation(FACTS, policy, ChannelState(), NOW)
        decision = decide(it)
        assert isinstance(decision, Post)
        step = after(it, decision, Receipt("C1", TS))
        assert (step.record.phase, step.end) == (Phase.DELIVERED, Delivered(Receipt("C1", TS)))


def results(decision: Decision) -> list[Result]:
    """All that can come of a decision, but for ends without a result."""
    if isinstance(decision, TakeSlot):
        return [SlotTaken(SLOT)]
    refusals: list[Result] = [
        Failure(SlackError("SLACK_AMBIGUOUS", "timeout")),
        Failure(SlackError("SLACK_UNAVAILABLE", "refused")),
        Failure(SlackError("SLACK_RATE_LIMITED", "", 3.0), SLOT),
        Failure(SlackError("SLACK_CONFIG", "message_not_found")),
        Failure(SlackError("SLACK_CREDENTIAL", "token_revoked")),
        Failure(NotifierError("CONFIG_UNAVAILABLE", "no secret")),
    ]
    if isinstance(decision, Edit):
        return [Receipt("C1", decision.claim.ts), *refusals, *([NewerShown(TS, "C1")] if decision.newest_only else [])]
    if isinstance(decision, Post):
        plain_text = Receipt("C1", TS, "invalid_blocks", decision.thread_ts)
        return [Receipt("C1", TS, thread_ts=decision.thread_ts), Receipt("C1", TS), plain_text, *refusals]
    return [Receipt("C1", TS)]


def test_whatever_comes_of_a_decision_is_remembered_and_ends_it_for_now_or_for_good() -> None:
    for it in situations([CHANNELS[0], CHANNELS[-1]]):
        decision = decide(it)
        if isinstance(decision, NeedRecord | NeedThread | Stop):
            continue
        for result in results(decision):
            step = after(it, decision, result)
            _check_step(it, decision, result, step)
            if isinstance(decision, Post | Edit) and is_gone(decision, result):
                _check_anew(it, decision)


def _check_anew(it: Situation, decision: Post | Edit) -> None:
    for place in (None, Place(), Place("1001.000100")):
        again = anew(it, decision, place)
        begins = place is not None and not place.ts
        thread_ts = place.ts if place else ""
        assert (again.claim.ts, again.thread_ts, again.begins_thread) == ("", thread_ts, begins)
        assert (again.claim.until, again.claim.ambiguous_posts) == (it.now + 20, decision.claim.ambiguous_posts)
        assert again.replaces == ("thread" if begins else "message" if isinstance(decision, Edit) else "")


def _check_step(it: Situation, decision: Decision, result: Result, step: Step) -> None:
    record, end = step.record, step.end
    assert (record.at, record.event_type, record.event_id) == (it.now, FACTS.event_type, FACTS.event_id)
    if isinstance(result, Receipt):
        assert (record.channel, record.ts, record.code) == (result.channel, result.ts, result.fallback)
    if isinstance(result, NewerShown):
        assert (record.channel, record.ts) == ("C1", TS)
    if isinstance(result, SlotTaken) and isinstance(decision, TakeSlot):
        assert record.ts == decision.before.ts
    if isinstance(end, Delivered):
        assert record.phase is Phase.DELIVERED
        assert isinstance(result, NewerShown) or end.warnings == ((result.fallback,) if result.fallback else ())  # type: ignore[union-attr]
        assert not it.facts.stub or not it.policy.can_edit or isinstance(result, NewerShown)
    elif isinstance(end, Retry):
        assert end.due > it.now
        assert record.phase in (Phase.WAITING, Phase.UNKNOWN, Phase.STUB)
        assert record.phase is Phase.STUB or record.until == end.due
    else:
        assert isinstance(end, Parked)
        assert isinstance(result, Failure)
        assert record.phase is Phase.UNKNOWN or record.until == it.now, "a replay need not wait"
    ambiguous = isinstance(result, Failure) and result.error.code == "SLACK_AMBIGUOUS"
    if isinstance(decision, Post) and ambiguous:
        assert record.phase is Phase.UNKNOWN
        assert record.ambiguous_posts == decision.claim.ambiguous_posts + 1
        assert record.ambiguous_since == (decision.claim.ambiguous_since or decision.claim.at)
    if isinstance(decision, Edit) and isinstance(result, Failure):
        assert record.phase is Phase.WAITING, "an edit can be repeated whatever its outcome"
        assert record.ts == decision.claim.ts


# Whole lives. Time passes only while a delivery waits, and by as much as it waits.

World = tuple[DeliveryRecord | None, int, int, bool]  # the record, messages in Slack, unknown outcomes, replayed


@pytest.mark.parametrize("policy", POLICIES, ids=lambda one: f"{one.on_ambiguous}-{one.can_edit}")
@pytest.mark.parametrize("given", list(facts()), ids=str)
def test_no_life_of_a_delivery_posts_more_often_than_its_policy_allows(policy: Policy, given: Facts) -> None:
    """A process can be killed after its claim, and each unknown outcome may be a message, or none."""
    first: World = (None, 0, 0, given.replayed)
    seen, open_worlds, ends = {first}, [first], set()
    while open_worlds:
        world = open_worlds.pop()
        for following in _lives(world, given, policy):
            ends.add(following[0].phase if following[0] else None)
            _check_world(following, given, policy)
            if following not in seen:
                seen.add(following)
                open_worlds.append(following)
        assert len(seen) < 20_000
    assert Phase.STUB in ends if given.stub and policy.can_edit else Phase.DELIVERED in ends


def _check_world(world: World, given: Facts, policy: Policy) -> None:
    _, messages, unknown, _ = world
    if given.in_thread and given.update and policy.can_edit:
        return  # edits of the thread's first message
    allowed = {"read-back": 1, "repost": MAX_AMBIGUOUS_POSTS, "park": 1}[policy.on_ambiguous]
    if not given.replayed:
        assert messages <= allowed, f"{messages} messages after {unknown} unknown outcomes"


def _lives(world: World, given: Facts, policy: Policy) -> Iterator[World]:
    record, messages, unknown, replayed = world
    for channel, place in product(CHANNELS, (Place(), Place(TS))):
        if record and record.phase in FINAL and (record.phase is not Phase.PARKED or not replayed):
            return
        yield from _attempts(
            Situation(given, policy, channel, _time(record), record, bool(record)), place, messages, unknown
        )


def _time(record: DeliveryRecord | None) -> float:
    """An attempt comes when the record says, or later."""
    return NOW if record is None else max(record.until, record.at) + GRACE_SECONDS + REPOST_SECONDS


def _attempts(it: Situation, place: Place, messages: int, unknown: int) -> Iterator[World]:
    decision: Any = decide(it)
    match decision:
        case NeedRecord():
            yield from _attempts(replace(it, ledger_read=True), place, messages, unknown)
        case NeedThread():
            yield from _attempts(replace(it, place=place), place, messages, unknown)
        case Stop():
            return
        case ReadBack():
            if messages:
                yield _normal(after(it, decision, Receipt("C1", TS)).record, messages, unknown, it)
            else:
                yield from _attempts(replace(it, not_in_channel=True), place, messages, unknown)
        case TakeSlot():
            yield _normal(after(it, decision, SlotTaken(it.now + 1)).record, messages, unknown, it)
        case Post() | Edit():
            # Killed between the claim and the record of its end: the message was posted, or it was not.
            posts = isinstance(decision, Post)
            yield _normal(decision.claim, messages + posts, unknown + posts, it)
            yield _normal(decision.claim, messages, unknown + posts, it)
            for result in results(decision):
                made = after(it, decision, result).record
                accepted = isinstance(result, Receipt) and posts
                is_unknown = posts and isinstance(result, Failure) and result.error.code == "SLACK_AMBIGUOUS"
                yield _normal(made, messages + accepted, unknown + is_unknown, it)
                if is_unknown:
                    yield _normal(made, messages + 1, unknown + 1, it)


def _normal(record: DeliveryRecord, messages: int, unknown: int, it: Situation) -> World:
    """The same world at the time of its start, so that worlds that differ in time alone are one."""
    shift = record.at - NOW
    since = NOW if record.ambiguous_since else 0.0
    until = record.until - shift if record.until else 0.0
    posts = min(record.ambiguous_posts, MAX_AMBIGUOUS_POSTS + 1)
    same = replace(record, at=NOW, until=until, ambiguous_posts=posts, ambiguous_since=since)
    return same, min(messages, 4), min(unknown, 4), it.facts.replayed


def test_a_stub_waits_until_there_is_more_to_say() -> None:
    record = DeliveryRecord(Phase.STUB, NOW, channel="C1", ts=TS)
    it = Situation(replace(FACTS, stub=True), POLICIES[2], ChannelState(), NOW, record)
    assert decide(it) == Stop(Retry(STUB, decide(it).end.detail, NOW + FACTS.backoff))  # type: ignore[union-attr]
    edit = decide(replace(it, facts=FACTS))
    assert isinstance(edit, Edit)
    assert edit.claim.ts == TS


@pytest.mark.parametrize(("event_type", "event_id"), [("order.paid", "1042"), ("order.created", "7")])
@pytest.mark.parametrize("phase", sorted(FINAL))
def test_an_end_of_another_event_is_told_apart(phase: Phase, event_type: str, event_id: str) -> None:
    record = DeliveryRecord(phase, NOW, channel="C1", ts=TS, event_type=event_type, event_id=event_id)
    decision = decide(Situation(FACTS, POLICIES[0], ChannelState(), NOW, record))
    said = f"order.created 1042 has the event_id of {event_type} {event_id}, so it was not posted"
    assert decision == Stop(Repeated.by_another_event(said, Receipt("C1", TS)))
