"""Families of bad input through the whole pipeline: one name each, parked, no leak, and neighbours that notice nothing.

What is too much for Slack is cut where it can be seen, or posted as plain text that names it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from handler.model import Group, Leaf, Notification, Record, SqlLookup
from handler.outcome import State
from tests.bad_families import BODIES, CANARY, ROW, SOURCES, Case
from tests.kit import FakeDatabase, FakePark, FakeSlack, mrkdwn, notification, pipeline, plenty, record

GOOD = notification("good {{ id }}", name="good", event="good")
LOOKUPS = [SqlLookup("row", "SELECT 1", {}, where="bad.yaml:3")]
BAD = notification(name="bad", event="bad", lookups=LOOKUPS)
CASES = [
    *[(family, *case) for family, cases in BODIES.items() for case in cases],
    *[(family, *case) for family, cases in SOURCES.items() for case in cases],
]


def in_pipeline(family: int, given: str) -> tuple[Record, Notification]:
    """The record that is bad, or whose template is."""
    if family in BODIES:
        return Record("bad", given), BAD
    return record({"type": "bad", "id": 1, "data": {"secret": CANARY}}, "bad"), replace(BAD, text=mrkdwn(given))


@pytest.mark.parametrize(("family", "given", "code"), CASES, ids=lambda value: ascii(value)[1:40])
def test_a_bad_input_has_one_name_and_touches_nobody(family: int, given: str, code: str) -> None:
    sink, park, database = FakeSlack(), FakePark(), FakeDatabase(lambda sql, parameters: [ROW])
    bad, template = in_pipeline(family, given)
    first, last = (record({"type": "good", "id": 7}, name) for name in ("first", "last"))
    wired = pipeline(GOOD, template, sink=sink, park=park, database=database)
    outcomes = wired.run([first, bad, last], plenty)
    ends = {outcome.record.id: (outcome.state, outcome.code) for outcome in outcomes if not outcome.notice}
    delivered = (State.DELIVERED, "")
    assert ends == {"first": delivered, "bad": (State.PARKED, code), "last": delivered}
    assert [(outcome.record, outcome.code) for outcome in park.parked] == [(bad, code)]
    assert [message.text for message in sink.posted].count("good 7") == 2
    said = [outcome.detail for outcome in outcomes] + [message.text for message in sink.posted]
    assert not any(CANARY in text for text in said)


@pytest.mark.parametrize(("family", "cases"), [*BODIES.items(), *SOURCES.items()], ids=lambda value: ascii(value)[:3])
def test_a_family_has_ten_cases(family: int, cases: list[Case]) -> None:
    assert len(set(cases)) >= 10


# ---- What is too much for Slack ----

WORDS = "x" * 2900


def section(source: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": mrkdwn(source), "verbatim": True}}


def over(source: str, *blocks: dict[str, Any]) -> Group:
    return Group(blocks, name="x", over=Leaf("expression", source, "f:1"))


def texts(kind: str, key: str, size: int, times: int) -> dict[str, Any]:
    return {"type": kind, key: [{"type": "mrkdwn", "text": "x" * size}] * times}


TOO_MUCH = {
    "five long sections": [section(WORDS)] * 5,
    "six": [section(WORDS)] * 6,
    "fifty": [section("x" * 300)] * 50,
    "a table of it": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 130}]] * 100}],
    "fields": [texts("section", "fields", 1300, 10)],
    "contexts": [texts("context", "elements", 1300, 10)],
    "values in sections": [section(WORDS + "{{ row.long }}")] * 5,
    "a loop of words": [over("range(100)", section("x" * 200))],
    "a loop of values": [over("range(60)", section("{{ row.long }}"))],
    "two loops": [over("range(40)", section("x" * 250)), over("range(9)", section("y" * 999))],
    "a loop and words": [section(WORDS), over("range(50)", section("x" * 250))],
    "blocks": [{"type": "divider"}] * 51,
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_more_than_slack_takes_in_all_is_never_cut_in_silence(name: str) -> None:
    sink, database = FakeSlack(), FakeDatabase(lambda sql, parameters: [{"long": "z" * 5000}])
    long = replace(BAD, blocks=TOO_MUCH[name], lookups=LOOKUPS)
    (outcome,) = pipeline(long, sink=sink, database=database).run([record({"type": "bad", "id": 1})], plenty)
    assert outcome.state is State.DELIVERED
    (message,) = sink.posted
    said_so = "plain text: bad.yaml" in message.text and "BLOCK_LIMIT" in outcome.detail
    assert said_so != any("more" in str(block) for block in message.blocks)
    assert sum(str(block).count("x") + str(block).count("z") for block in message.blocks) <= 12_000
    assert len(message.blocks) <= 50
