"""The templates that come with the project are good, and fit the sample shop and the stand-in for Slack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.compiler import Compilation, compile_templates
from handler.model import ApiLookup
from lab.api.documents import customers
from lab.shop.generator import generate
from lab.slack.config import Config

COMPILATION = compile_templates(Path("templates"))


@pytest.fixture(scope="module")
def compilation() -> Compilation:
    return COMPILATION


def test_they_have_no_findings(compilation: Compilation) -> None:
    assert compilation.findings == ()
    assert len(compilation.samples) >= 4


def test_production_and_demo_are_stages(compilation: Compilation) -> None:
    assert {"production", "demo"} <= compilation.catalog["stages"].keys()


def test_the_stand_in_for_slack_has_the_channels_of_the_demo(compilation: Compilation) -> None:
    demo = compilation.catalog["stages"]["demo"]
    for channel in (*demo["channels"].values(), demo["fallback"]):
        found = Config().channel(channel)
        assert found is not None
        assert found.rule == ""


@pytest.mark.parametrize("sample", COMPILATION.samples, ids=lambda sample: f"{sample.event}-{sample.id}")
def test_a_sample_says_what_the_shop_has(sample: Any) -> None:
    shop = generate()
    rows = {"order": shop.orders, "ticket": shop.support_tickets}[sample.event.split(".")[0]]
    row = next(row for row in rows if row.id == sample.id)
    main = sample.answers[sample.event.split(".")[0]]
    shared = main.keys() & set(row._fields)
    assert shared
    for name in shared - {"attempted_at", "opened_at"}:
        assert main[name] == getattr(row, name), name


def test_a_sample_of_the_api_has_the_keys_that_the_api_answers_with(compilation: Compilation) -> None:
    document = customers(generate())[1]
    for template in compilation.templates:
        for lookup in template.notification.lookups:
            for sample in template.samples:
                answer = sample.answers[lookup.name]
                if isinstance(lookup, ApiLookup) and isinstance(answer, dict):
                    assert answer.keys() <= document.keys()
