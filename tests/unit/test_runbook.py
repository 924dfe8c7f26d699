"""The runbook knows every code and every metric that somebody can be woken by."""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

import pytest

from handler import telemetry
from handler.errors import CODES

DOCS = Path(__file__).parents[2] / "docs"
# The runbook in each language, with the headings of its codes and its alarms.
RUNBOOKS = [
    pytest.param((DOCS / "runbook.md").read_text("utf-8"), "## Codes", "## Alarms", id="en"),
    pytest.param((DOCS / "ja/runbook.md").read_text("utf-8"), "## コード", "## アラーム", id="ja"),
]


@pytest.mark.parametrize(("runbook", "codes", "alarms"), RUNBOOKS)
def test_every_code_has_its_line_once(runbook: str, codes: str, alarms: str) -> None:
    rows = [row.split("|")[1] for row in runbook.partition(codes)[2].splitlines() if row.startswith("| `")]
    patterns = [pattern for row in rows for pattern in re.findall(r"`([A-Z_]+\*?)`", row)]
    for code in CODES:
        matching = [pattern for pattern in patterns if fnmatch(code, pattern)]
        assert len(matching) == 1, (code, matching)
    for pattern in patterns:
        assert any(fnmatch(code, pattern) for code in CODES), pattern


@pytest.mark.parametrize(("runbook", "codes", "alarms"), RUNBOOKS)
def test_every_metric_that_wakes_somebody_has_its_line(runbook: str, codes: str, alarms: str) -> None:
    rows = runbook.partition(alarms)[2].partition(codes)[0]
    for metric in set(telemetry._ALARMS.values()) | set(telemetry._STATES.values()):
        assert f"`{metric}`" in rows


def test_both_languages_have_the_same_commands_and_the_same_names() -> None:
    english, japanese = (one.values[0] for one in RUNBOOKS)
    for pattern in (r"(?s)```sh.*?```", r'<a id="\w+"></a>', r"`(?:notifier|aws) [^`]*`", r"`[A-Z]+_[A-Z_]+\*?`"):
        found = [Counter(re.findall(pattern, str(text))) for text in (english, japanese)]
        assert found[0] == found[1], (found[0] - found[1], found[1] - found[0])
