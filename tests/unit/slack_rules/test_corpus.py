"""What Slack takes and what it refuses, by its documentation; and what it takes goes through a template unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.compiler import compile_templates
from cli.compiler.raw_blocks import BLOCK_TYPES
from cli.slack_rules import block_problems
from cli.slack_rules.blocks import BLOCKS
from handler import catalog
from handler.block_kit.limits import check
from handler.stages.render import render
from handler.templating import Templates
from tests.unit.slack_rules.corpus import ACCEPTED, REFUSED

STAGE = "channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n"
TEMPLATE = {"id": "integer", "channel": "orders", "text": "An order", "samples": {"one": {"id": 1}}}
# What a template does not hold as it stands: it keeps room for a line of its own, leaves out what is blank, shows a
# dash in an empty cell, and gives each block its own id.
NOT_IN_TEMPLATES = {"50 dividers", "section with blanks alone", "table with a blank cell", "markdown ignores its id"}
IN_TEMPLATES = [name for name in ACCEPTED if name not in NOT_IN_TEMPLATES]


@pytest.mark.parametrize("blocks", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_slack_documents_is_accepted(blocks: list[dict[str, Any]]) -> None:
    assert block_problems(blocks) == []


@pytest.mark.parametrize(("blocks", "sentence", "place"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_a_broken_rule_is_named_with_its_place(blocks: Any, sentence: str, place: str) -> None:
    found = block_problems(blocks)
    assert any(one.message.startswith(sentence) and one.pointer == f"/blocks{place}" for one in found), found


def test_each_block_is_accepted_in_some_form_and_refused_in_another() -> None:
    accepted = {block["type"] for blocks in ACCEPTED.values() for block in blocks}
    refused = {str(block.get("type")) for _, blocks, _, _ in REFUSED for block in blocks if isinstance(block, dict)}
    assert accepted == set(BLOCKS)
    assert set(BLOCKS) <= refused


def test_templates_take_the_blocks_that_messages_can_hold() -> None:
    assert set(BLOCKS) == BLOCK_TYPES


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What the function makes of each accepted message, when a template holds it as raw blocks."""
    folder = tmp_path_factory.mktemp("templates")
    (folder / "_stages").mkdir()
    (folder / "_stages/test.yaml").write_text(STAGE)
    names = {f"order.n{number}": name for number, name in enumerate(IN_TEMPLATES)}
    for event, name in names.items():
        _write(folder / f"{event}.yaml", ACCEPTED[name])
    compiled = compile_templates(folder)
    assert [str(one) for one in compiled.findings if one.severity == "error"] == []  # buttons that nothing answers
    loaded = catalog.read(json.loads(json.dumps(compiled.catalog)), "test")
    templates = Templates(locale=loaded.stage.locale)
    made = {}
    for event, name in names.items():
        (notification,) = loaded.notifications[event]
        made[name] = render(notification, {"id": 1}, templates).blocks
    return made


def _write(path: Path, blocks: list[dict[str, Any]]) -> None:
    # JSON is YAML too.
    path.write_text(json.dumps({**TEMPLATE, **({"blocks": blocks} if blocks else {})}, ensure_ascii=False))


@pytest.mark.parametrize("name", IN_TEMPLATES)
def test_a_template_posts_what_is_accepted_as_it_stands(messages: dict[str, Any], name: str) -> None:
    assert messages[name] == _verbatim(ACCEPTED[name])
    check("An order", messages[name])


def _verbatim(value: Any) -> Any:
    """The same, with `verbatim: true` in each mrkdwn text: a template never lets Slack make links and mentions."""
    if isinstance(value, list):
        return [_verbatim(each) for each in value]
    if isinstance(value, dict):
        inner = {key: _verbatim(each) for key, each in value.items()}
        return {**inner, "verbatim": True} if value.get("type") == "mrkdwn" else inner
    return value
