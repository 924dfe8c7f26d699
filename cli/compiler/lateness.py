"""`wait:`, `missing:` and `version:` - what to do if a row is missing or stale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from cli.compiler import durations, shape
from cli.compiler.findings import Report
from cli.compiler.leaves import Leaves
from cli.compiler.names import EVENT_NAMES
from cli.compiler.nodes import Node
from cli.language import later, say
from handler.model import WAIT_SECONDS, Expect, Leaf, Missing

KEYS: Final = ("wait", "missing")
MISSING: Final = ("park", "skip", "render")
# Well below the almost three hours during which the queue redelivers a record (maxReceiveCount in template.yaml): an
# event that waits longer would be parked, whatever `missing` says.
WAIT: Final = durations.Range(1.0, 2 * durations.HOUR, WAIT_SECONDS, later("30s, 5m or 2h"))

_COLUMN: Final = re.compile(r"\s*(?P<root>\w+)(?:\.\w+)+\s*")


def read(found: Mapping[str, Node], expect: Expect, report: Report) -> tuple[float, Missing]:
    """Return for how many seconds a lookup without a result is retried, and what happens after that."""
    for key in KEYS:
        if key in found and expect != "one":
            message = say(
                "`{key}` goes with `expect: one`: with `expect: {expect}`, finding nothing is an answer",
                key=key,
                expect=expect,
            )
            report.add(found[key].place, "VALUE_INVALID", message, say("remove `{key}`, or write expect: one", key=key))
    missing = shape.choice(found["missing"], MISSING, report) if "missing" in found else None
    wait = durations.read(found["wait"], WAIT, report) if "wait" in found else WAIT_SECONDS
    return wait, cast(Missing, missing or "park")


def version(node: Node, leaves: Leaves) -> Leaf | None:
    """Return the expression of a row's version. It must be a column of a lookup, which can then be retried."""
    faulty = len(leaves.faulty)
    leaf = leaves.leaf("expression", node)
    if leaf is None or len(leaves.faulty) > faulty:
        return None
    lookups = [name for name in leaves.names if name not in EVENT_NAMES]
    match = _COLUMN.fullmatch(leaf.source)
    if match and match["root"] in lookups:
        return leaf
    message = say("`version` is one column of a lookup: it is compared with the event's `version`")
    fix = say("write {text}", text=f"version: {[*lookups, 'order'][0]}.updated_at")
    leaves.report.add(node.place, "VALUE_INVALID", message, fix)
    return None
