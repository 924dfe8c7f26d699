"""Why a preview has no message: the terminal and the page say the same, and each reason has its own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli import language
from cli.preview import reasons
from cli.preview.compose import Preview
from handler.errors import NotifierError
from handler.outcome import Rule

ROOT = Path(__file__).resolve().parents[3]
ON_THE_PAGE = dict(
    re.findall(r'^  ([A-Z_]+): later\("(.*)"\),$', (ROOT / "cli/page/src/notification.jsx").read_text(), re.MULTILINE)
)


@pytest.mark.parametrize("rule", [Rule.WHEN, Rule.NO_ROUTE, Rule.ROW_NOT_FOUND, Rule.API_NOT_FOUND, Rule.ROW_STALE])
def test_the_page_and_the_terminal_give_the_same_reason(rule: Rule) -> None:
    said = reasons.rule(Preview("a.b", "production", "one", rule=rule, where="a.b.yaml:6 when"))
    assert said == f"Posts nothing: {ON_THE_PAGE[rule]} (a.b.yaml:6 when)"


def test_each_reason_has_its_own_words() -> None:
    assert len(set(ON_THE_PAGE.values())) == len(ON_THE_PAGE)
    assert set(reasons._RULES) == set(ON_THE_PAGE)


@pytest.mark.parametrize("code", ["API_UNKNOWN", "DB_UNKNOWN", "SLACK_CONFIG"])
def test_a_remedy_is_in_the_language_of_the_reader(code: str) -> None:
    found = NotifierError(code, "x")
    with language.speaking("en"):
        assert reasons.remedy_said(found) == reasons.remedy(found)
    with language.speaking("ja"):
        assert reasons.remedy_said(found) == language.translations("ja")[reasons.remedy(found)]
