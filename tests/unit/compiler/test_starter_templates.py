"""The templates that come with the project are good, and fit the sample shop and the stand-in for Slack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cli.compiler import Compilation, compile_templates
from cli.compiler.answers import answering
from cli.compiler.render_samples import NOW
from cli.slack_rules import block_problems
from handler import catalog
from handler.model import ApiLookup, Event
from handler.stages.enrich import enrich
from handler.stages.render import is_wanted, render
from handler.stages.route import channels
from handler.templating import Templates
from lab.api.documents import customers
from lab.shop.generator import generate
from lab.slack.config import Config

COMPILATION = compile_templates(Path("templates"))


@pytest.fixture(scope="module")
def compilation() -> Compilation:
    return COMPILATION


def test_they_have_no_findings(compilation: Compilation) -> None:
    assert compilation.findings == ()
    assert len(compilation.templates) >= 8


def test_production_and_demo_are_stages(compilation: Compilation) -> None:
    assert {"production", "demo"} <= compilation.catalog["stages"].keys()


def test_the_stand_in_for_slack_has_the_channels_of_the_demo(compilation: Compilation) -> None:
    demo = compilation.catalog["stages"]["demo"]
    for channel in (*demo["channels"].values(), demo["fallback"]):
        found = Config().channel(channel)
        assert found is not None
        assert found.rule == ""


def to_the_second(value: Any) -> Any:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


# The canary reads no table of the shop.
OF_THE_SHOP = [sample for sample in COMPILATION.samples if sample.event != "notifier.canary"]


@pytest.mark.parametrize("sample", OF_THE_SHOP, ids=lambda sample: f"{sample.event}-{sample.id}")
def test_a_sample_says_what_the_shop_has(sample: Any) -> None:
    shop, kind = generate(), sample.event.split(".")[0]
    tables: dict[str, Sequence[Any]] = {
        "customer": shop.customers,
        "order": shop.orders,
        "refund": shop.refunds,
        "stock": shop.stock_levels,
        "ticket": shop.support_tickets,
    }
    row = next(row for row in tables[kind] if row.id == sample.id)
    main = sample.answers[kind]
    shared = main.keys() & set(row._fields)
    assert shared
    for name in shared:
        assert main[name] == to_the_second(getattr(row, name)), name


def test_a_sample_of_the_api_has_the_keys_that_the_api_answers_with(compilation: Compilation) -> None:
    document = customers(generate())[1]
    for template in compilation.templates:
        for lookup in template.notification.lookups:
            for sample in template.samples:
                answer = sample.answers[lookup.name]
                if isinstance(lookup, ApiLookup) and isinstance(answer, dict):
                    assert answer.keys() <= document.keys()


def test_two_and_more_are_in_japanese(compilation: Compilation) -> None:
    texts = [template.notification.text.source for template in compilation.templates]
    assert sum(bool(re.search("[ぁ-ん]", text)) for text in texts) >= 2


@pytest.mark.parametrize("stage", ["demo", "demo-webhook", "production"])
def test_every_sample_is_delivered_once_and_slack_takes_it(compilation: Compilation, stage: str) -> None:
    loaded = catalog.read(compilation.catalog, stage)
    templates = Templates(locale=loaded.stage.locale)
    for template in compilation.templates:
        for sample in template.samples:
            event = Event(sample.event, sample.id, "sample", data=sample.data)
            fetch = answering(sample.answers, templates)
            context = enrich(event, template.notification, fetch, NOW, loaded.stage.vars).context
            assert is_wanted(template.notification, context, templates)
            assert len(channels(template.notification, context, templates)) == 1
            content = render(template.notification, context, templates, prefix=loaded.stage.prefix)
            assert block_problems(content.blocks) == []


def test_samples_of_one_event_differ_by_id(compilation: Compilation) -> None:
    events = [(sample.event, sample.id) for sample in compilation.samples]
    assert len(events) == len(set(events))
