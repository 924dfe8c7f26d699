"""`_labels.yaml` - names for codes in rows, for all stages: `{{ order.status | label('order_status') }}`."""

from __future__ import annotations

from collections.abc import Mapping

from cli.compiler import shape, slack_markup
from cli.compiler.findings import Report
from cli.compiler.names import own_name
from cli.compiler.nodes import Node, Scalar

Labels = Mapping[str, Mapping[str, str]]


def read(node: Node, report: Report) -> Labels:
    """Return the label of each code, by group. A code is the text of its key."""
    groups = {}
    for group in shape.entries(node, report):
        own_name(group.key, report, reserved=())
        texts = {entry.key.text: _wording(entry.value, report) for entry in shape.entries(group.value, report)}
        groups[group.key.text] = {code: text for code, text in texts.items() if text is not None}
    return groups


def _wording(node: Node, report: Report) -> str | None:
    if isinstance(node, Scalar):
        slack_markup.check("value", node, slack_markup.Names(), report)
    return shape.literal(node, report)
