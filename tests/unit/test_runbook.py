"""The runbook knows every code and every metric that somebody can be woken by."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from handler import telemetry
from handler.errors import CODES

RUNBOOK = (Path(__file__).parents[2] / "docs/runbook.md").read_text()


def test_every_code_has_its_line_once() -> None:
    rows = [row.split("|")[1] for row in RUNBOOK.partition("## Codes")[2].splitlines() if row.startswith("| `")]
    patterns = [pattern for row in rows for pattern in re.findall(r"`([A-Z_]+\*?)`", row)]
    for code in CODES:
        matching = [pattern for pattern in patterns if fnmatch(code, pattern)]
        assert len(matching) == 1, (code, matching)
    for pattern in patterns:
        assert any(fnmatch(code, pattern) for code in CODES), pattern


def test_every_metric_that_wakes_somebody_has_its_line() -> None:
    rows = RUNBOOK.partition("## Alarms")[2].partition("## Codes")[0]
    for metric in set(telemetry._ALARMS.values()) | set(telemetry._STATES.values()):
        assert f"`{metric}`" in rows
