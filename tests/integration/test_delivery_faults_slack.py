"""Slack that refuses, limits, lies or says nothing, in front of the real function (docs/faults.md)."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.delivery_kit import HOUR, Line
from tests.delivery_parts import ORDERS, PAYMENTS, READER
from tests.unit.adapters.slack.test_slack_answers import WEB_API_WORDS

ANY_MODE = pytest.mark.parametrize("mode", ["read-back", "repost", "webhook"])
POST = "chat.postMessage"
# So many are published at once; BURST=500 takes a minute.
BURST = int(os.environ.get("BURST", "40"))
FOR_GOOD = [(code, word) for code, word in WEB_API_WORDS if code in {"SLACK_CONFIG", "SLACK_CONTENT"}]
CREDENTIAL = [word for code, word in WEB_API_WORDS if code == "SLACK_CREDENTIAL"]


def asked(line: Line, channel: str = "") -> list[float]:
    """When Slack was asked to post, by its clock."""
    requests = [one for one in line.slack.requests() if one["path"].startswith(("/api/chat.post", "/services/"))]
    return [
        datetime.fromisoformat(one["received_at"]).timestamp() for one in requests if channel in ("", one["channel"])
    ]


# Rates


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1), ("30", 30), ("3600", 3600), ("0.5", 1), (None, 30), ("soon", 30), ("9" * 12, 3600), ("a date", 90)],
)
def test_a_retry_after_is_kept_by_the_queue_and_not_by_a_function_that_sleeps(
    line: Line, header: str | None, seconds: float
) -> None:
    if header == "a date":
        header = format_datetime(datetime.fromtimestamp(line.now(), UTC) + timedelta(seconds=90), usegmt=True)
    line.slack.order("limited", retry_after=header, method=POST)
    line.publish()
    line.run()
    first, second = asked(line)
    assert seconds - 1.5 < second - first < seconds + 3
    assert len(line.ended) == 2
    assert line.posts("plain") == 1


def test_a_burst_drains_at_slacks_pace_and_no_other_channel_notices(line: Line) -> None:
    line.slack.configure(rate={"per_second": 1, "burst": 5})
    began = line.now()
    for number in range(BURST):
        line.publish(event_id=f"event-{number}")
    for number in range(4):
        line.publish("fault.payment", event_id=f"payment-{number}")
    line.run()
    assert Counter(Counter(line.texts(ORDERS)).values()) == {1: BURST}
    assert line.parked() == []
    refused = len(asked(line, ORDERS)) - BURST
    assert 1 <= refused <= max(4, 0.02 * BURST)
    posted = [datetime.fromisoformat(one["received_at"]).timestamp() for one in line.slack.messages(ORDERS)]
    after_burst = posted[5:]
    assert (BURST - 6) / 1.2 < after_burst[-1] - after_burst[0] < BURST / 0.9
    assert max(asked(line, PAYMENTS)) - began < (posted[-1] - began) / 2


def test_two_hours_without_slack_are_ridden_out(line: Line) -> None:
    line.to_slack.set("refuse")
    line.source.agenda.at(line.now() + 2 * HOUR, lambda: line.to_slack.set("pass"))
    for number in range(10):
        line.publish(event_id=f"event-{number}")
    line.run()
    assert Counter(Counter(line.texts()).values()) == {1: 10}
    assert line.parked() == []
    assert all("Late: this is from" in text for text in line.texts())


def retry_ages(line: Line, code: str = "") -> list[float]:
    """The metric RetryAge of each invocation that has it: by a code, or without one."""
    logged = [one for ended in line.ended for one in ended.logs if "RetryAge" in one]
    return [one["RetryAge"][0] for one in logged if one.get("code", "") == code]


@pytest.mark.parametrize("minutes", [10, 60])
def test_the_age_of_what_is_tried_again_shows_an_outage_from_a_quarter_of_an_hour_on(line: Line, minutes: int) -> None:
    line.to_slack.set("refuse")
    line.source.agenda.at(line.now() + 60 * minutes, lambda: line.to_slack.set("pass"))
    line.publish()
    line.run()
    ages = retry_ages(line)
    assert ages == retry_ages(line, "SLACK_UNAVAILABLE")[4:]
    assert ages == sorted(ages)
    assert 60 * (minutes - 6) - 5 < ages[-1] < 60 * minutes + 5
    # The alarm looks at ten minutes at a time, so that it does not end between two attempts.
    assert all(later - earlier < 600 for earlier, later in pairwise(ages))


def test_a_message_that_slack_lets_wait_for_long_is_no_outage(line: Line) -> None:
    line.slack.order("limited", retry_after="1800", method=POST, times=2)
    line.publish()
    line.run()
    assert retry_ages(line) == []
    assert 1800 <= retry_ages(line, "SLACK_RATE_LIMITED")[-1] < 2000


# Answers that leave it open whether Slack has the message


BROKEN: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503},
    {"kind": "close"},
    {"kind": "reset"},
    {"kind": "html"},
]
UNSAID = [*BROKEN, *[{**fault, "accept": True} for fault in BROKEN], {"kind": "truncate"}]


@pytest.mark.parametrize("fault", UNSAID, ids=lambda fault: " ".join(map(str, fault.values())))
@ANY_MODE
def test_an_answer_that_says_nothing_costs_one_more_post_at_the_most(
    line: Line, mode: str, fault: dict[str, Any]
) -> None:
    taken = "accept" in fault or fault["kind"] == "truncate"
    line.slack.order(**fault, method="webhook" if mode == "webhook" else POST)
    line.publish()
    line.run()
    assert line.posts("plain") == (2 if taken and mode != "read-back" else 1)
    assert line.metrics("AmbiguousPosts")
    assert line.parked() == []


@pytest.mark.parametrize(
    ("trouble", "posts"),
    [("shown after 5 s", 1), ("limited twice", 1), ("fails twice", 1), ("shown after an hour", 2)],
)
def test_a_history_that_is_late_or_limited(line: Line, trouble: str, posts: int) -> None:
    line.slack.order("close", accept=True, method=POST)
    if trouble.startswith("shown"):
        line.slack.configure(history_lag=5 if "5 s" in trouble else HOUR)
    elif trouble == "limited twice":
        line.slack.order("limited", retry_after="5", method="conversations.history", times=2)
    else:
        line.slack.order("status", status=500, method="conversations.history", times=2)
    line.publish()
    line.run()
    assert line.posts("plain") == posts
    assert line.parked() == []


# Refusals


def test_what_slack_refuses_for_good_is_tried_once_and_parked_with_slacks_word(line: Line) -> None:
    for _, word in FOR_GOOD:
        line.slack.order("error", error=word, method=POST, text=f"plain {word}.", times=2)
        line.publish(event_id=f"{word}.")
    line.run()
    told = {one["event"]["event_id"].removesuffix("."): (one["code"], one["detail"]) for one in line.lines("parked")}
    assert told == {word: (code, word) for code, word in FOR_GOOD}
    assert len(line.dead.messages) == len(FOR_GOOD)
    assert set(line.parked()) == {"SLACK_CONFIG", "SLACK_CONTENT"}
    # Content is refused once more as plain text.
    assert len(asked(line)) == len(FOR_GOOD) + sum(code == "SLACK_CONTENT" for code, _ in FOR_GOOD)
    assert line.texts() == []
    assert line.lines("retry") == []


def test_a_refused_credential_is_tried_once_parked_and_told_by_a_metric(line: Line) -> None:
    for word in CREDENTIAL:
        line.slack.order("error", error=word, method=POST, text=f"plain {word}.", times=2)
        line.publish(event_id=f"{word}.")
        line.run()
        line.later(60)  # for so long no other event would be tried
    assert [line["detail"] for line in line.lines("parked")] == CREDENTIAL
    assert line.parked() == ["SLACK_CREDENTIAL"] * len(CREDENTIAL)
    assert len(line.metrics("CredentialErrors")) == len(CREDENTIAL)
    assert len(asked(line)) == len(CREDENTIAL)


def test_a_token_that_is_replaced_is_found_without_a_deployment(line: Line) -> None:
    new = {"value": "xoxb-new", "scopes": ["chat:write", "channels:history"]}
    line.publish(event_id="before")
    line.run()
    line.slack.configure(tokens=[{"value": READER, "refused": "token_revoked"}, new])
    line.publish(event_id="meanwhile")
    line.run()
    assert line.parked() == ["SLACK_CREDENTIAL"]
    line.store_secrets("xoxb-new")
    try:
        line.later(5)
        line.publish(event_id="after")
        (parked,) = line.dead.messages
        moment = datetime.fromtimestamp(line.now(), UTC).isoformat()
        for _ in range(2):
            line.put(parked.body, attributes={"replayed_at": moment, "first_sent_at": moment})
            line.run()
    finally:
        line.store_secrets()
    assert sorted(line.texts()) == ["plain after", "plain before", "plain meanwhile"]
    assert {ended.died for ended in line.ended} == {False}


def test_a_refused_layout_is_plain_text_once(line: Line) -> None:
    line.slack.order("error", error="invalid_blocks", method=POST)
    line.publish("fault.layout", event_id="event-1")
    line.run()
    (text,) = line.texts()
    assert text.startswith("layout event-1\n")
    assert "fault.layout.yaml" in text
    assert len(asked(line)) == 2
