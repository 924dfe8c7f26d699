"""What Slack takes of a message as a whole, by the method that sends it."""

from __future__ import annotations

import pytest

from cli.slack_rules import Method, message_problems

# docs.slack.dev/reference/methods/chat.postMessage and chat.update, read on 2026-11-30
TEXT_CHARACTERS = {Method.POST: 40_000, Method.WEBHOOK: 40_000, Method.UPDATE: 4_000}


@pytest.mark.parametrize("method", Method)
def test_each_method_has_its_limit_for_the_text(method: Method) -> None:
    most = TEXT_CHARACTERS[method]
    assert message_problems("x" * most, [], method) == []
    [problem] = message_problems("x" * (most + 1), [], method)
    assert str(problem) == f"must be less than {most + 1} characters [json-pointer:/text]"


def test_a_message_says_something() -> None:
    [problem] = message_problems(" ", [], Method.POST)
    assert (problem.message, problem.pointer) == ("no_text", "/text")


def test_one_table_is_enough() -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    assert message_problems("x", [table], Method.POST) == []
    [problem] = message_problems("x", [table, table], Method.POST)
    assert (problem.message, problem.pointer) == ("only_one_table_allowed", "/blocks")


def test_all_blocks_together_have_a_limit() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_000}}
    assert message_problems("x", [section] * 4, Method.POST) == []
    [problem] = message_problems("x", [section] * 5, Method.POST)
    assert problem.pointer == "/blocks"
