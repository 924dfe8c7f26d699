"""Anything at all, through the whole pipeline: every delivery has one named end, and no message another structure.

Some examples of each in an ordinary run; `make fuzz` takes as many as FUZZ_EXAMPLES says.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler.adapters.http import api_answers
from handler.errors import CODES, EventError, SourceError
from handler.model import ApiLookup, Leaf, Message, Notification, Record
from handler.outcome import State
from handler.stages.parse import records
from tests import fuzz_kit as fuzz
from tests.kit import (
    FakeApi,
    FakeDatabase,
    FakePark,
    FakeSlack,
    expression,
    mrkdwn,
    notification,
    pipeline,
    plenty,
    record,
)
from tests.unit.templating.examples import LOCALES

FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "300")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
GOOD = record({"type": "good", "id": 7}, "good")
PLAIN = notification("good {{ id }}", name="good", event="good")
ECHO = notification("echo {{ id }} {{ data.a }}", name="echo", event="echo", when=expression("data.a is defined"))
SILENT = {State.DELIVERED, State.SUPPRESSED, State.REPEATED}  # a code says nothing of what went well
# What the filters of the stages of these tests may make.
MARKUP = ("<!here>", "<@U024BE7LH>", "<!subteam^S024BE7LD>")
KEYS = {
    "header": {"type", "text"},
    "section": {"type", "text", "fields"},
    "context": {"type", "elements"},
    "table": {"type", "rows"},
}


def ended(bad: Record, *notifications: Notification, **parts: Any) -> list[Message]:
    """Run a record beside a good one, check that both end as they have to, and return what was posted of the first."""
    sink, park = FakeSlack(), FakePark()
    outcomes = pipeline(PLAIN, *notifications, sink=sink, park=park, **parts).run([GOOD, bad], plenty)
    ends = Counter((one.record.id, one.notification, one.channel, one.notice) for one in outcomes)
    assert set(ends.values()) == {1}, "a delivery has two ends"
    assert {key[0] for key in ends} == {"good", bad.id}
    for one in outcomes:
        assert one.code in CODES or one.state in SILENT, one
        assert one.code != "INTERNAL", one.detail
        assert one.record is bad or one.state is State.DELIVERED
    parked = {one.record.id for one in outcomes if one.state is State.PARKED and not one.notice}
    assert [one.record.id for one in park.parked] == sorted(parked)
    posted = [message for message in sink.posted if message.notification != "good"]
    assert len(posted) == sum(one.state is State.DELIVERED for one in outcomes) - 1
    for message in posted:
        check_structure(message)
    return posted


def check_structure(message: Message) -> None:
    """Whatever filled it, a message is a text, and blocks as the template has them."""
    assert message.text.strip()
    for block in message.blocks:
        assert block.keys() <= KEYS[block["type"]]
        assert all(texts(block))
    json.dumps({"text": message.text, "blocks": list(message.blocks)}, ensure_ascii=False).encode()


def texts(block: Any) -> list[str]:
    match block:
        case {"text": str() as text, **rest}:
            assert rest.keys() <= {"type", "verbatim"}
            return [text]
        case dict():
            return [text for value in block.values() if isinstance(value, dict | list) for text in texts(value)]
        case list():
            return [text for value in block for text in texts(value)]
        case _:
            raise AssertionError(block)


@FUZZ
@given(fuzz.BODIES)
@example(fuzz.EVENT)
@example(fuzz.enveloped(fuzz.EVENT))
def test_any_body(body: str) -> None:
    ended(Record("bad", body), ECHO)


@FUZZ
@given(fuzz.PAYLOADS)
def test_any_payload(payload: Any) -> None:
    try:
        found = records(payload)
    except EventError as error:
        assert error.code == "BATCH_MALFORMED"
        return
    for one in found:
        assert isinstance(one.id, str)
        ended(one, ECHO)


@FUZZ
@given(fuzz.ROWS, fuzz.USES, st.sampled_from(["en", "ja"]))
def test_any_row(row: dict[str, Any], source: str, language: str) -> None:
    blocks, database = fuzz.layout(source), FakeDatabase(lambda sql, parameters: [row])
    shown = notification(f"it is {source}", name="row", event="row", lookups=[fuzz.ROW], blocks=blocks)
    threaded = replace(shown, thread=mrkdwn(source))
    event = record({"type": "row", "id": 1}, "bad")
    for message in ended(event, threaded, database=database, locale=LOCALES[language]):
        bare = message.text
        for markup in MARKUP:
            bare = bare.replace(markup, "")
        assert "<!" not in bare
        assert "<@" not in bare


@FUZZ
@given(fuzz.SOURCES, fuzz.PLACES, fuzz.ROWS)
def test_any_template(source: str, place: str, row: dict[str, Any]) -> None:
    bent = replace(fuzz.at(place, source), previous=fuzz.at(place, source[: len(source) // 2]))
    database, api = FakeDatabase(lambda sql, parameters: [row]), FakeApi(lambda path: {"name": "Ada"})
    event = {"type": "bent", "id": 1, "version": 3, "data": {"rows": [{"sku": "A"}, {"sku": "B"}]}}
    ended(record(event, "bad"), bent, database=database, api=api)


@FUZZ
@given(
    fuzz.DOCUMENTS | fuzz.JSON.map(json.dumps), fuzz.USES, st.sampled_from(["one", "optional", "many"]), st.booleans()
)
def test_any_answer(document: Any, source: str, expect: Any, every: bool) -> None:
    """As text it goes through the adapter's own reader of JSON."""

    def answer(path: str) -> Any:
        try:
            return api_answers._parsed(document.encode(errors="replace")) if isinstance(document, str) else document
        except api_answers._UnusableError as error:
            raise SourceError(error.code, error.detail) from None

    lookup = ApiLookup("row", Leaf("url", "/c/{{ id }}", "f:1"), expect=expect, all=every)
    shown = notification(f"it is {source}", name="api", event="api", lookups=[lookup], blocks=fuzz.layout(source))
    ended(record({"type": "api", "id": 1}, "bad"), shown, api=FakeApi(answer))
