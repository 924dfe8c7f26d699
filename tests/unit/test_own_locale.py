"""A template's own `time_zone` and `language`: its messages are those of a stage that has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler import templating
from handler.catalog import Catalog, Stage
from handler.errors import SourceError
from handler.model import ApiLookup, Group, Leaf, Locale, Message, Notification, Record, SqlLookup
from handler.stages import footers
from handler.templating import Templates
from tests.kit import CHANNELS, NOW, FakeApi, FakeDatabase, FakeSlack, notification, pipeline, plenty, raising, record

LOCALES = [Locale("Asia/Tokyo", "ja"), Locale("America/New_York", "en"), Locale()]
SILENT = raising(SourceError("API_TIMEOUT", "orders"))
ROWS = FakeDatabase(lambda _sql, _parameters: [{"sku": "TEA-1"}] * 100)
MANY = SqlLookup("items", "SELECT", {}, expect="many")
HEAD: dict[str, Any] = {"type": "raw_text", "text": "Article"}


def polled(**more: Any) -> Record:
    return record({"type": "order.created", "id": 5, "notifier": {"polled": True, **more}})


def leaf(source: str, context: Any = "mrkdwn") -> Leaf:
    return Leaf(context, source, f"order.created.yaml:7 {source}")


def text_block(source: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": leaf(source), "verbatim": True}}


def button(source: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "Open"}
    return {"type": "actions", "elements": [{"type": "button", "text": text, "url": leaf(source, "url")}]}


CELL: dict[str, Any] = {"type": "raw_text", "text": leaf("{{ one.sku }}", "plain")}
# What makes the notifier write each of its own texts, and what a filter writes: a template and an event.
BROKEN = notification("{{ order.nubmer }}")
FOOTERS: dict[str, tuple[Notification, Record]] = {
    "left out": (
        notification(lookups=[ApiLookup("shop", leaf("/orders", "url"), on_failure="without")]),
        record(),
    ),
    "late": (notification(), replace(record(), sent_at=NOW - timedelta(days=1))),
    "found late": (notification(), polled(late=True)),
    "digest": (notification(), polled(digest={"number": 3, "count": 120, "late": 0, "first": 5, "last": 130})),
    "previous version": (replace(BROKEN, previous=notification("before")), record()),
}
OTHERS: dict[str, tuple[Notification, Record]] = {
    "notice": (BROKEN, record()),
    "date in the text": (notification("{{ now | datetime('long') }}"), record()),
    "date in a block": (notification(blocks=[text_block("{{ now | date }}")]), record()),
    "date in `when`": (notification(when=leaf("(now | weekday) == 'Sunday'", "expression")), record()),
    "date in a thread": (notification(thread=leaf("{{ now | datetime }}", "plain")), record()),
    "elements of a loop": (
        notification(
            lookups=[MANY],
            blocks=[Group([text_block("{{ one.sku }}")], None, "one", leaf("items", "expression"))],
        ),
        record(),
    ),
    "rows of a table": (
        notification(
            lookups=[MANY],
            blocks=[{"type": "table", "rows": [
                [HEAD],
                Group([[CELL]], None, "one", leaf("items", "expression")),
                *[[HEAD]] * 5,
            ]}],
        ),
        record(),
    ),
    "left out button": (notification(blocks=[button("https://x/{{ 'x' * 4000 }}")]), record()),
}  # fmt: skip
CASES = {**FOOTERS, **OTHERS}


def posted(case: str, stage: Locale, own: Locale | None = None) -> list[Message]:
    """What is posted in a stage with this locale, by a template with its own or without."""
    one, event = CASES[case]
    sink = FakeSlack()
    pipeline(_in(one, own) if own else one, sink=sink, database=ROWS, api=FakeApi(SILENT), locale=stage).run(
        [event], plenty
    )
    return sink.posted


def _in(one: Notification, own: Locale) -> Notification:
    keys = {"time_zone": own.time_zone, "language": own.language}
    return replace(one, previous=replace(one.previous, **keys) if one.previous else None, **keys)


def test_each_text_of_the_notifier_has_a_case() -> None:
    assert list(FOOTERS) == list(footers._TEXTS["en"])


@pytest.mark.parametrize("own", LOCALES, ids=str)
@pytest.mark.parametrize("case", CASES)
def test_a_message_is_that_of_a_stage_with_the_templates_locale(case: str, own: Locale) -> None:
    for stage in LOCALES:
        assert posted(case, stage, own) == posted(case, own)


@pytest.mark.parametrize("case", CASES)
def test_each_case_depends_on_the_locale(case: str) -> None:
    shown = [posted(case, stage) for stage in LOCALES]
    assert any(one != shown[0] for one in shown)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({}, "5 Jan 2026, 10:00"),
        ({"time_zone": "Asia/Tokyo"}, "5 Jan 2026, 19:00"),
        ({"language": "ja"}, "2026年1月5日 10:00"),
        ({"time_zone": "Asia/Tokyo", "language": "ja"}, "2026年1月5日 19:00"),
    ],
)
def test_each_key_changes_its_own_part(keys: dict[str, str], shown: str) -> None:
    sink = FakeSlack()
    pipeline(notification("{{ '2026-01-05T10:00:00Z' | datetime }}", **keys), sink=sink).run([record()], plenty)
    assert [message.text for message in sink.posted] == [shown]


def test_mentions_and_labels_stay_those_of_the_stage() -> None:
    sink = FakeSlack()
    locale = Locale(mentions={"oncall": "S024BE7LD"}, labels={"state": {"1": "paid"}})
    one = notification("{{ 'oncall' | mention }} {{ 1 | label('state') }}", language="ja")
    pipeline(one, sink=sink, locale=locale).run([record()], plenty)
    assert [message.text for message in sink.posted] == ["<!subteam^S024BE7LD> paid"]


def test_two_templates_of_one_event_have_two_languages() -> None:
    sink = FakeSlack()
    source = "{{ '2026-01-05' | weekday }}"
    pair = [notification(source, name=name, language=name) for name in ("en", "ja")]
    pipeline(*pair, sink=sink).run([record()], plenty)
    assert sorted(message.text for message in sink.posted) == ["Monday", "月曜日"]


def test_the_version_before_keeps_its_own_locale() -> None:
    """The line about the broken template is in the language of the message that it is added to."""
    sink = FakeSlack()
    before = notification("{{ '2026-01-05' | weekday }}", language="ja")
    pipeline(replace(BROKEN, language="en", previous=before), sink=sink).run([record()], plenty)
    (message,) = sink.posted
    assert message.text.startswith("月曜日\n_order.created.yaml に問題があります")


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Leaf]:
    done: list[Leaf] = []
    compile_leaf: Callable[..., Any] = templating._compile

    def counted(environment: Any, one: Leaf) -> Any:
        done.append(one)
        return compile_leaf(environment, one)

    monkeypatch.setattr(templating, "_compile", counted)
    return done


def test_nothing_is_compiled_for_a_second_event(compilations: list[Leaf]) -> None:
    """Templates in several locales take turns, each with an expression of its own."""
    several = [
        notification(f"{i} {{{{ now | datetime }}}}", name=f"n{i}", time_zone=own.time_zone, language=own.language)
        for i, own in enumerate([*LOCALES, *LOCALES])
    ]
    wired = pipeline(*several)
    wired.run([record()], plenty)
    assert len(compilations) == len(several)
    wired.run([record(name=f"r{n}") for n in range(5)], plenty)
    assert len(compilations) == len(several)


def test_templates_of_one_locale_are_made_once_and_share_the_budget() -> None:
    templates = Templates(locale=LOCALES[0])
    there = templates.in_locale(LOCALES[1])
    assert there.budget is templates.budget
    assert there.in_locale(LOCALES[0]) is templates
    assert templates.in_locale(Locale(LOCALES[1].time_zone, LOCALES[1].language)) is there
    with templates.budget.notification():
        there.render(leaf("{{ 'x' * 1000 }}"), {})
        assert templates.budget.spent > 1000


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ([], ["UTC en"]),
        ([{"language": "en"}, {"time_zone": "UTC"}], ["UTC en"]),
        ([{"language": "ja"}, {}, {"language": "ja"}], ["UTC en", "UTC ja"]),
        ([{"time_zone": "Asia/Tokyo"}], ["UTC en", "Asia/Tokyo en"]),
    ],
)  # fmt: skip
def test_the_catalog_knows_the_locales_to_prepare(own: Sequence[dict[str, str]], expected: list[str]) -> None:
    several = tuple(notification(**keys) for keys in own)
    locales = Catalog({"order.created": several}, Stage("test", CHANNELS, "C0FALLBACK")).locales
    assert [f"{one.time_zone} {one.language}" for one in locales] == expected
