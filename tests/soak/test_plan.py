"""What is published and what goes wrong: from the seed alone, and enough of each."""

from __future__ import annotations

import json
from collections import Counter

from lab.soak.pauses import Asked, within_pauses
from lab.soak.plan import TWO_HOURS, planned
from lab.soak.schedule import scheduled


def test_a_seed_says_it_all() -> None:
    assert planned(7, 400) == planned(7, 400)
    assert scheduled(7, planned(7, 400)) == scheduled(7, planned(7, 400))
    assert planned(7, 400) != planned(8, 400)
    assert scheduled(7, planned(7, 400)).troubles != scheduled(8, planned(7, 400)).troubles


def test_there_are_as_many_events_as_asked_for_each_with_a_name_of_its_own() -> None:
    for count in (1, 150, 2000):
        events = planned(1, count).events
        assert [event.number for event in events] == list(range(count))
        assert len({event.identity for event in events} | {event.body for event in events}) == 2 * count
        assert [event.at for event in events] == sorted(event.at for event in events)


def test_the_publisher_goes_on_in_an_outage_and_no_faster() -> None:
    plan = planned(1, 1000, outage=True)
    assert plan.outage is not None
    within = [event for event in plan.events if plan.outage < event.at < plan.outage + TWO_HOURS]
    assert len(within) == 30
    assert plan.second(plan.outage - 1) == plan.outage - 1
    assert plan.second(plan.outage) == plan.outage + TWO_HOURS
    assert planned(1, 1000, outage=False).outage is None
    assert any(trouble.kind == "slack is away" for trouble in scheduled(1, plan).troubles)


def test_every_kind_of_end_trouble_and_mishap_comes_up() -> None:
    plan = planned(1, 2000)
    schedule = scheduled(1, plan)
    ends = Counter(delivery.end for event in plan.events for delivery in event.deliveries)
    assert min(ends[end] for end in ("delivered", "suppressed", "parked")) > 20
    assert sum(len(event.again) for event in plan.events) > 20
    assert sum(len(event.republished) for event in plan.events) > 20
    assert sum(event.row_at is not None and event.row_at > event.at for event in plan.events) > 20
    assert sum(event.polled for event in plan.events) > 20
    assert len({trouble.kind for trouble in schedule.troubles}) >= 12
    met = [mishap for mishaps in schedule.mishaps.values() for mishap in mishaps]
    assert {mishap.then for mishap in met} == {"", "kill", "freeze", "ledger"}
    assert {(mishap.fault, mishap.ambiguous) for mishap in met} >= {
        (fault, accepted) for fault in ("close", "reset", "status", "html", "hang") for accepted in (True, False)
    }


def test_what_is_published_again_is_the_same_event() -> None:
    again = [event for event in planned(1, 2000).events if event.republished]
    assert all(json.loads(json.loads(event.body)["Message"])["event_id"] == event.identity for event in again)


def test_a_post_within_a_pause_is_found() -> None:
    limited, early, elsewhere, late = (
        Asked("orders", 0.0, 429, "30"),
        Asked("orders", 29.0, 200, ""),
        Asked("audit", 1.0, 200, ""),
        Asked("orders", 30.0, 200, ""),
    )
    assert within_pauses([limited, elsewhere, early, late]) == [early]
    others = [Asked("orders", at, 429, "1") for at in (0.1, 0.2, 0.3)]
    assert within_pauses([limited, *others, early], others=2) == [others[2], early]
    assert within_pauses([limited, early], others=1) == [early]
    assert within_pauses([Asked("orders", 0.0, 429, text) for text in ("", "soon", "0.5", "999999")]) == []
