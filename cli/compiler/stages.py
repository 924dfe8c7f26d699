"""`_stages/<stage>.yaml` - what differs between environments: where each channel alias leads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cli.compiler import shape
from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Node, Scalar

_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WEBHOOK: Final = re.compile(r"[a-z0-9-]+")  # the name of its secret, below the deployment's prefix
# Public and private channels (C), and private ones of before 2021 (G).
# https://docs.slack.dev/reference/objects/conversation-object
_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{7,}")


@dataclass(frozen=True, slots=True)
class Stage:
    """One environment: where its aliases lead, and where one that is not listed would."""

    name: str
    channels: dict[str, str]
    fallback: str


def read(name: str, node: Node, report: Report) -> Stage:
    """Return a stage; what is wrong with it is reported, and left out."""
    found = shape.keys(node, report, required=("channels", "fallback"), optional=("description",))
    channels: dict[str, str] = {}
    for entry in shape.entries(found["channels"], report) if "channels" in found else ():
        _alias(entry.key, report)
        channels[entry.key.text] = _destination(entry.value, report)
    fallback = _destination(found["fallback"], report) if "fallback" in found else ""
    return Stage(name, channels, fallback)


def alias(node: Node, report: Report) -> str:
    """Return the alias of a channel, as a template names it; empty if it is wrong."""
    if isinstance(node, Scalar) and node.comment:
        message, fix = "YAML reads everything after # as a comment", f"write channel: {node.comment.lstrip('# ')}"
        report.add(node.place, "VALUE_INVALID", message, fix)
        return ""
    name = shape.literal(node, report)
    if name is None or not isinstance(node, Scalar):
        return ""
    return _alias(node, report)


def _alias(node: Scalar, report: Report) -> str:
    if _ALIAS.fullmatch(node.text):
        return node.text
    if _CHANNEL_ID.fullmatch(node.text):
        message, fix = "a template names an alias, not a channel's id", "give the id an alias in every file of _stages/"
    else:
        message = f"`{node.text}` is not an alias: small letters, digits, _ and -, without #"
        fix = f"write {node.text.lower().strip('# ')}"
    report.add(node.place, "VALUE_INVALID", message, fix)
    return ""


def _destination(node: Node, report: Report) -> str:
    found = shape.literal(node, report)
    if found and not _CHANNEL_ID.fullmatch(found) and not _WEBHOOK.fullmatch(found):
        message = "this is neither a channel's id nor the name of a webhook's secret"
        report.add(
            node.place, "VALUE_INVALID", message, "write the id from the end of the channel's details in Slack (C...)"
        )
    return found or ""


def check_alias(channel: str, place: Place, stages: Iterable[Stage], report: Report) -> None:
    """Report each stage that does not list the channel of a template."""
    for stage in stages:
        if channel not in stage.channels:
            message = f"stage {stage.name} does not say which channel `{channel}` is"
            fix = f"add `{channel}: C...` under `channels:` in _stages/{stage.name}.yaml"
            report.add(place, "CHANNEL_UNKNOWN", message, fix)
