"""`wait:`, `missing:` and `version:` - what a row that has not come yet, or is stale, is worth."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, cast

from cli.compiler import shape
from cli.compiler.findings import Report
from cli.compiler.leaves import Leaves
from cli.compiler.names import EVENT_NAMES
from cli.compiler.nodes import Node
from handler.model import WAIT_SECONDS, Expect, Leaf, Missing

KEYS: Final = ("wait", "missing")
MISSING: Final = ("park", "skip", "render")
# In seconds. At most well below the almost three hours in which the queue delivers a record (maxReceiveCount in
# template.yaml): an event that waits longer would be parked, whatever `missing` says.
MIN_WAIT: Final = 1.0
MAX_WAIT: Final = 2 * 3600.0

_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0}  # the largest first, as a time is written
_WAIT: Final = re.compile(r"([0-9]+)([smh]?)")
# What people write instead: `5 min`, `1h30m`, `１０秒`, `500ms`.
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+|秒|分|時間|日)?")
_WORDS: Final = {"ms": 0.001, "mil": 0.001, "h": 3600.0, "m": 60.0, "s": 1.0, "d": 86_400.0, "w": 604_800.0,
                 "秒": 1.0, "分": 60.0, "時": 3600.0, "日": 86_400.0}  # fmt: skip
_COLUMN: Final = re.compile(r"\s*(?P<root>\w+)(?:\.\w+)+\s*")


def read(found: Mapping[str, Node], expect: Expect, report: Report) -> tuple[float, Missing]:
    """Return for how many seconds a lookup that finds nothing is tried again, and what follows then."""
    for key in KEYS:
        if key in found and expect != "one":
            message = f"`{key}` goes with `expect: one`: with `expect: {expect}`, finding nothing is an answer"
            report.add(found[key].place, "VALUE_INVALID", message, f"remove `{key}`, or write expect: one")
    missing = shape.choice(found["missing"], MISSING, report) if "missing" in found else None
    return _wait(found["wait"], report) if "wait" in found else WAIT_SECONDS, cast(Missing, missing or "park")


def _wait(node: Node, report: Report) -> float:
    written = shape.literal(node, report)
    if written is None:
        return WAIT_SECONDS
    match = _WAIT.fullmatch(written)
    seconds = float(match[1]) * _SECONDS[match[2] or "s"] if match else 0.0
    if not MIN_WAIT <= seconds <= MAX_WAIT:
        message = f"`{node.place.path}` takes a time from {_time(MIN_WAIT)} to {_time(MAX_WAIT)}"
        report.add(node.place, "VALUE_INVALID", message, f"write wait: {_time(_meant(written))}")
    return seconds


def _meant(written: str) -> float:
    """The allowed time that is nearest to what somebody wrote in another form, in seconds."""
    parts = _PART.findall(unicodedata.normalize("NFKC", written).lower())
    total = sum(float(number) * _unit(word) for number, word in parts)
    return min(max(total, MIN_WAIT), MAX_WAIT) if parts else WAIT_SECONDS


def _unit(word: str) -> float:
    return next((seconds for start, seconds in _WORDS.items() if word.startswith(start)), 1.0)


def _time(seconds: float) -> str:
    """A time as the format writes it: `90s`, `5m`, `2h`."""
    whole = round(seconds)
    unit = next(unit for unit, size in _SECONDS.items() if whole % size == 0)
    return f"{whole // round(_SECONDS[unit])}{unit}"


def version(node: Node, leaves: Leaves) -> Leaf | None:
    """Return the expression of a row's version. It is a column: its lookup is what is asked again for a fresher row."""
    leaf = leaves.leaf("expression", node)
    if leaf is None:
        return None
    lookups = [name for name in leaves.names if name not in EVENT_NAMES]
    match = _COLUMN.fullmatch(leaf.source)
    if match and match["root"] in lookups:
        return leaf
    message = "`version` is one column of a lookup: it is compared with the event's `version`"
    leaves.report.add(node.place, "VALUE_INVALID", message, f"write version: {[*lookups, 'order'][0]}.updated_at")
    return None
