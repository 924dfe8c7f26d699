"""Whatever stands in a row, an answer or an event: the message keeps its shape, and mentions and links nobody planned.

Every starter template is rendered with each text of its samples replaced by hostile ones, and Slack's own rules, as the
stand-in knows them, judge what comes out.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk import WebClient

from cli import compiler
from cli.compiler.render_samples import NOW, answering
from cli.compiler.samples import Sample
from handler import catalog
from handler.block_kit import limits
from handler.errors import NotifierError
from handler.model import Event, Notification
from handler.stages.enrich import enrich
from handler.stages.render import Content, is_wanted, render
from handler.templating import Templates
from lab.sam import ROOT
from lab.slack import Config, Rate, running_slack

COMPILATION = compiler.compile_templates(ROOT / "templates")
CATALOG = catalog.read(json.loads(json.dumps(COMPILATION.catalog)), "demo")
CASES = [
    pytest.param(one.notification.name, sample, id=f"{one.notification.name}, {sample.name}")
    for one in COMPILATION.templates
    for sample in one.samples
]
HOSTILE = st.one_of(
    st.sampled_from(
        ["<!channel>", "<@U012345>", "<https://evil.example|bank>", "&lt;!here&gt;", "{{ 7 * 7 }}", "```", ">"]
    ),
    st.text(alphabet="<>&!@#|*_~`{}%\"'\\\n\u202e\u0000\u0301\u200da山😀👩‍.:/", max_size=80),
    st.text(alphabet="x山😀", min_size=3000, max_size=5000),
)
# Columns that a database holds to a list: a currency that is none parks the event, and the rest would not be seen.
CODES = {"currency", "region"}
# What the templates' own words and the stage's list put there: mentions by alias, and dates.
PLANNED = re.compile(r"<!subteam\^S0LABONCALL>|<@U[A-Z0-9]+>|<!here>")


def poisoned(value: Any, poison: str) -> Any:
    """The same answer with every text in it replaced."""
    match value:
        case str():
            return poison
        case dict():
            return {key: one if key in CODES else poisoned(one, poison) for key, one in value.items()}
        case list():
            return [poisoned(one, poison) for one in value]
        case _:
            return value


def has_texts(sample: Any) -> bool:
    """Whether there is a text among the answers: the canary's is a time."""
    return bool(poisoned(sample.answers, "x") != poisoned(sample.answers, "y"))


def rendered(name: str, sample: Sample) -> Content | None:
    templates = Templates(locale=CATALOG.stage.locale)
    notification = _notification(name, sample)
    event = Event(sample.event, sample.id, "e", data=sample.data)
    enriched = enrich(event, notification, answering(sample.answers, templates), NOW, CATALOG.stage.vars)
    if not is_wanted(notification, enriched.context, templates):
        return None
    return render(notification, enriched.context, templates)


def _notification(name: str, sample: Sample) -> Notification:
    return next(one for one in CATALOG.route(sample.event) if one.name == name)


@pytest.mark.parametrize(("name", "sample"), CASES)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(poison=HOSTILE)
def test_no_text_changes_a_messages_shape_or_mentions_anyone(name: str, sample: Sample, poison: str) -> None:
    hostile = replace(sample, answers=poisoned(sample.answers, poison), data=poisoned(dict(sample.data), poison))
    try:
        content = rendered(name, hostile)
        plain = rendered(
            name, replace(sample, answers=poisoned(sample.answers, "x"), data=poisoned(dict(sample.data), "x"))
        )
    except NotifierError:  # a currency, or a part of an address, that is none: named, and parked
        return
    if content is None or plain is None:
        return
    limits.check(content.text, content.blocks)
    assert {block["type"] for block in content.blocks} <= {block["type"] for block in plain.blocks} | {"context"}
    for text in [content.text, *_mrkdwn(content.blocks)]:
        assert "<" not in PLANNED.sub("", text)


def _mrkdwn(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        if tree.get("type") == "mrkdwn":
            return [tree["text"]]
        tree = list(tree.values())
    return [text for one in tree for text in _mrkdwn(one)] if isinstance(tree, list) else []


@pytest.mark.parametrize(("name", "sample"), [case for case in CASES if has_texts(case.values[1])])
def test_hostile_texts_do_reach_the_message(name: str, sample: Sample) -> None:
    content = rendered(name, replace(sample, answers=poisoned(sample.answers, "<!channel>")))
    assert content is None or "&lt;!channel&gt;" in json.dumps([content.text, content.blocks])


@pytest.mark.parametrize("poison", ["<!channel>", "😀" * 3000, "a\nb", "x" * 70_000, "&" * 4000])
def test_slack_takes_every_message(poison: str) -> None:
    with running_slack(Config(rate=Rate(0))) as url:
        client = WebClient("xoxb-lab-token", base_url=f"{url}/api/")
        for case in CASES:
            name, sample = case.values
            try:
                content = rendered(name, replace(sample, answers=poisoned(sample.answers, poison)))
            except NotifierError:
                continue
            if content:
                client.chat_postMessage(channel="C0LABORDERS", text=content.text, blocks=content.blocks)
