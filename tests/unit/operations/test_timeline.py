"""What happened to an event is told from the log and from the table, whichever of them knows more."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cli.operations import function_log, timeline
from cli.operations.dead_letters import DeadLetter
from cli.operations.function_log import Line
from cli.operations.rows import Row
from cli.operations.timeline import Timeline
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase
from handler.errors import CODES
from handler.outcome import IDENTITY_REUSED, Rule, State

NOW = 1_800_000_000.0


def said(at: float, state: str, code: str = "", **fields: Any) -> Line:
    known = {"type": "order.created", "id": "1042", "identity": "e-1", "notification": "order.created"}
    return Line(at, State(state), code, **{**known, "channel": "orders", **fields})


def row(
    phase: Phase,
    at: float,
    channel: str = "orders",
    notification: str = "order.created",
    *,
    notice: bool = False,
    **fields: Any,
) -> Row:
    return Row(DeliveryKey("e-1", notification, channel, notice), DeliveryRecord(phase, at, **fields))


def told(found: Timeline) -> dict[str, list[str]]:
    """By delivery, the state and the words of its steps."""
    return {
        f"{one.notification}>{one.channel}": [one.state, *(step.word for step in one.steps)] for one in found.trails
    }


@pytest.mark.parametrize(
    ("lines", "rows", "expected"),
    [
        pytest.param(
            [said(1, "retry", "SLACK_RATE_LIMITED"), said(9, "delivered")],
            [row(Phase.DELIVERED, 8.9)],
            {"order.created>orders": ["delivered", "rate limited", "delivered"]},
            id="both know the same",
        ),
        pytest.param(
            [said(9, "delivered")],
            [],
            {"order.created>orders": ["delivered", "delivered"]},
            id="the row has expired",
        ),
        pytest.param(
            [],
            [row(Phase.DELIVERED, 8.9)],
            {"order.created>orders": ["delivered", "delivered"]},
            id="the log has expired",
        ),
        pytest.param(
            [said(20, "repeated", "DELIVERED")],
            [row(Phase.DELIVERED, 8.9)],
            {"order.created>orders": ["delivered", "delivered", "came again"]},
            id="killed between the ledger and the log",
        ),
        pytest.param(
            [said(1, "retry", "SLACK_AMBIGUOUS")],
            [row(Phase.SENDING, 30, until=50)],
            {"order.created>orders": ["sending", "ambiguous", "being sent", "next"]},
            id="another attempt is under way",
        ),
        pytest.param(
            [said(1, "retry", "SLACK_AMBIGUOUS")],
            [row(Phase.UNKNOWN, 0.9, until=50, ambiguous_posts=1)],
            {"order.created>orders": ["doubtful", "ambiguous", "next"]},
            id="the line says what the row does",
        ),
        pytest.param(
            [said(1, "parked", "SLACK_CONFIG"), said(90, "delivered")],
            [row(Phase.DELIVERED, 89)],
            {"order.created>orders": ["delivered", "parked", "delivered"]},
            id="replayed",
        ),
        pytest.param(
            [said(1, "retry", "ROW_NOT_FOUND", channel=""), said(9, "delivered"), said(9, "delivered", channel="vip")],
            [],
            {
                "order.created>orders": ["delivered", "not there yet", "delivered"],
                "order.created>vip": ["delivered", "not there yet", "delivered"],
            },
            id="before a channel was chosen it was about both",
        ),
        pytest.param(
            [
                said(1, "delivered"),
                said(1, "retry", "DB_BUSY", channel="vip"),
                said(9, "parked", "DB_DENIED", channel=""),
            ],
            [row(Phase.DELIVERED, 0.9), row(Phase.WAITING, 0.9, "vip", until=5), row(Phase.PARKED, 9, "")],
            {
                "order.created>": ["parked", "parked"],
                "order.created>orders": ["delivered", "delivered"],
                "order.created>vip": ["waiting", "failed", "was due"],
            },
            id="parked with one channel done",
        ),
        pytest.param(
            [said(1, "retry", "TIME_SHORT", notification="", channel=""), said(9, "suppressed", "WHEN", channel="")],
            [row(Phase.SUPPRESSED, 9, channel="")],
            {"order.created>": ["suppressed", "held back", "suppressed"]},
            id="suppressed without a channel",
        ),
        pytest.param(
            [said(9, "parked", "TEMPLATE_UNDEFINED", channel=""), said(9, "delivered", notice=True)],
            [row(Phase.PARKED, 9, channel="", code="TEMPLATE_UNDEFINED"), row(Phase.DELIVERED, 9, notice=True)],
            {"order.created>": ["parked", "parked"], "order.created>orders": ["delivered", "notice posted"]},
            id="a notice does not hide that the event is parked",
        ),
        pytest.param(
            [said(1, "parked", "EVENT_NOT_JSON", identity="", record="e-1", notification="", channel="")],
            [row(Phase.PARKED, 1, "", "", code="EVENT_NOT_JSON")],
            {">": ["parked", "parked"]},
            id="no event at all",
        ),
        pytest.param([], [], {}, id="nothing is known"),
    ],
)
def test_the_log_and_the_table_make_one_story(lines: list[Line], rows: list[Row], expected: object) -> None:
    assert told(timeline.merge("e-1", lines, rows, now=40)) == expected


def test_a_step_says_how_long_and_since_when() -> None:
    lines = [
        said(NOW, "retry", "SLACK_RATE_LIMITED", age=2.5, due=30.0),
        said(NOW + 31, "parked", "SLACK_CONFIG", attempt=2, age=33.5, milliseconds={"lookup": 12.4, "post": 80.0}),
        said(NOW + 99, "delivered", posted="C0", ts="1.2"),
    ]
    found = timeline.merge("e-1", lines, [], NOW)
    limited, parked, delivered = found.trails[0].steps
    assert found.received == NOW - 2.5
    assert limited.text.endswith(", in 30 s")
    assert parked.facts == ("attempt 2", "looked up in 12 ms", "posted in 80 ms")
    assert delivered.facts == ("a replay",)
    assert (delivered.channel, delivered.ts) == ("C0", "1.2")


def test_what_is_overdue_says_so() -> None:
    [trail] = timeline.merge("e-1", [], [row(Phase.WAITING, NOW - 99, until=NOW - 60)], NOW).trails
    assert (trail.queued, trail.due, trail.steps[-1].word) == (True, NOW - 60, "was due")
    assert trail.steps[-1].text.endswith("since 1 min")


def test_what_sqs_gave_up_is_parked_and_what_had_ended_stays() -> None:
    lines = [said(1, "delivered"), said(1, "retry", "DB_BUSY", channel="vip")]
    letter = DeadLetter("m-1", "r", "queue", ["{}"], 0.5, 0.5, event_id="e-1", type="order.created", id="1042")
    found = timeline.with_letter(timeline.merge("e-1", lines, [row(Phase.WAITING, 0.9, "vip", until=9)], 99), letter)
    assert told(found) == {
        "order.created>orders": ["delivered", "delivered"],
        "order.created>vip": ["parked", "failed", "parked"],
    }
    assert told(timeline.with_letter(Timeline("e-1"), letter)) == {">": ["parked", "parked"]}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_a_retry_has_words(code: str) -> None:
    [trail] = timeline.merge("e-1", [said(1, "retry", code, detail="order.created.yaml:5")], [], 2).trails
    [step] = trail.steps
    assert step.word
    assert (CODES[code].meaning in step.text) or (code in step.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 1",
        "[]",
        '{"message": "discovery", "api": "default"}',
        '{"message": {"delivered": 1}}',
        '{"_aws": {}}',
    ],
)
def test_other_lines_of_the_log_are_passed_over(text: str) -> None:
    assert function_log.read(text, 1.0) is None


def test_a_line_is_read_as_the_function_writes_it() -> None:
    text = (
        '{"level":"WARNING","message":"retry","code":"DB_BUSY","detail":"d","record":"r-1","attempt":3,"event":'
        '{"type":"order.created","id":1042,"event_id":"e-1"},"notification":"order.created","channel":"orders",'
        '"milliseconds":{"lookup":1.5},"age_seconds":2,"due_in_seconds":3.5,"newer":true}'
    )
    assert function_log.read(text, 9.0) == Line(
        9.0, State.RETRY, "DB_BUSY", "d", "r-1", 3, "order.created", "1042", "e-1", "order.created", "orders",
        milliseconds={"lookup": 1.5}, age=2, due=3.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "logged", "found"),
    [
        ("1042", 1042, 1),
        ("A-1", "A-1", 1),
        ("A-1", "a-1", 0),
        ("3B241101-E2BB-4255-8CAF-4136C566A962", "3b241101-e2bb-4255-8caf-4136c566a962", 1),
        ("3B241101-E2BB-4255-8CAF-4136C566A962", "3B241101-E2BB-4255-8CAF-4136C566A962", 1),
    ],
)
def test_an_event_is_found_by_its_id_as_the_function_writes_it(typed: str, logged: int | str, found: int) -> None:
    text = json.dumps({"message": "delivered", "event": {"type": "order.paid", "id": logged, "event_id": "e-1"}})
    pages: Any = SimpleNamespace(paginate=lambda **_: [{"events": [{"message": text, "timestamp": 1000}]}])
    stack: Any = SimpleNamespace(client=lambda _: SimpleNamespace(get_paginator=lambda _: pages))
    assert len(function_log.of_type(stack, "group", "order.paid", typed, 0.0, lambda _: None)) == found


PAID = {"type": "order.paid", "notification": "order.paid"}


@pytest.mark.parametrize("end", [Phase.DELIVERED, Phase.SUPPRESSED, Phase.PARKED, Phase.WAITING])
@pytest.mark.parametrize("known", ["log and table", "log", "table"])
def test_an_event_of_another_type_under_the_same_identity_is_told(known: str, end: Phase) -> None:
    state = "retry" if end is Phase.WAITING else end.value
    lines = [said(1, "delivered"), said(20, state, "DB_BUSY", **PAID)] if "log" in known else []
    paid = row(end, 20, notification="order.paid", event_type="order.paid", event_id="1042")
    created = row(Phase.DELIVERED, 1, event_type="order.created", event_id="1042")
    found = timeline.merge("e-1", lines, [paid, created] if "table" in known else [], now=40)
    assert (found.type, found.id) == ("order.created", "1042")
    first, second = found.trails
    assert "another event" not in [step.word for step in first.steps]
    assert [step.word for step in second.steps].count("another event") == 1
    assert second.steps[0].text.startswith("order.paid 1042 has the event_id of order.created 1042")
    assert (second.steps[0].tone, second.steps[0].facts) == ("bad", (IDENTITY_REUSED,))


@pytest.mark.parametrize("state", ["suppressed", "parked"])
def test_another_id_under_the_same_identity_is_told_where_its_own_line_does_not(state: str) -> None:
    lines = [said(1, state, "WHEN"), said(20, state, "WHEN", id="7")]
    (trail,) = timeline.merge(
        "e-1", lines, [row(Phase(state), 1, event_type="order.created", event_id="1042")], NOW
    ).trails
    assert [step.word for step in trail.steps] == [state, "another event", state]


def test_an_event_whose_early_rows_do_not_say_what_they_are_about_is_one() -> None:
    (trail,) = timeline.merge("e-1", [said(20, "delivered")], [row(Phase.DELIVERED, 1)], NOW).trails
    assert "another event" not in [step.word for step in trail.steps]


def test_another_event_under_the_same_identity_is_told_with_both_names() -> None:
    detail = "order.created 7 has the event_id of order.created 1042, so it was not posted"
    lines = [said(1, "delivered"), said(20, "repeated", IDENTITY_REUSED, id="7", detail=detail)]
    (trail,) = timeline.merge("e-1", lines, [row(Phase.DELIVERED, 1)], NOW).trails
    assert (trail.state, trail.steps[-1].text, trail.steps[-1].tone) == ("delivered", detail, "bad")
    (trail,) = timeline.merge("e-1", lines[1:], [], NOW).trails
    assert (trail.state, trail.code) == ("repeated", IDENTITY_REUSED)


@pytest.mark.parametrize(
    ("state", "word", "text"),
    [
        ("suppressed", "counted", "the notice about the broken template counts this event"),
        ("repeated", "came again", "the notice counts this event already: nothing was done"),
    ],
)
def test_an_event_that_a_notice_counts_is_told_as_counted(state: str, word: str, text: str) -> None:
    detail = "the notice was not edited: SLACK_CONFIG" if state == "suppressed" else ""
    lines = [said(1, "parked", "TEMPLATE_FAILED"), said(1, state, Rule.COUNTED.value, detail=detail, notice=True)]
    (trail,) = [one for one in timeline.merge("e-1", lines, [], NOW).trails if one.notice]
    (step,) = trail.steps
    assert (step.word, step.tone) == (word, "quiet")
    assert step.text.startswith(text)
    assert step.text.endswith(detail)


@pytest.mark.parametrize("rule", list(Rule))
def test_each_rule_by_which_nothing_is_posted_is_explained_in_words(rule: Rule) -> None:
    """From the log and from the state table alike."""
    log = timeline.merge("e-1", [said(1, "suppressed", rule.value)], [], NOW).trails
    table = timeline.merge("e-1", [], [row(Phase.SUPPRESSED, 1, code=rule.value)], NOW).trails
    texts = [trail.steps[0].text for trail in (*log, *table)]
    assert len(texts) == 2
    assert all(len(text.split()) > 3 for text in texts), (
        f"add words for {rule.value} to _RULES in cli/operations/log_steps.py"
    )
