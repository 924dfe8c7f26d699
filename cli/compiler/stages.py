"""`_stages/<stage>.yaml` - what differs between environments: channels, people, URLs, time zone and language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cli.compiler import locales, shape, slack_markup
from cli.compiler.findings import Report
from cli.compiler.labels import Labels
from cli.compiler.names import KEYWORDS, own_name
from cli.compiler.nodes import Node, Scalar
from cli.language import later, say
from handler.catalog import Stage
from handler.model import Locale, Value

REQUIRED: Final = ("channels", "fallback")
OPTIONAL: Final = ("description", "vars", "mentions", "people", "redirect", "prefix", *locales.KEYS, "threads")
PRODUCTION: Final = "production"  # the stage whose messages have no prefix by default
# What happens if a template has a `thread` and a channel is a webhook: an error, or a message without a thread.
THREADS: Final = ("required", "ignore")
GROUPS: Final = ("here", "channel", "everyone")  # groups that a mention can notify, besides people and user groups

_ALIAS: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_WEBHOOK: Final = re.compile(r"[a-z0-9-]+")  # the name of a secret, without the deployment's prefix
# Public and private channels (C), and private channels from before 2021 (G).
# https://docs.slack.dev/reference/objects/conversation-object
_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{7,}")
# People (U, or W in an Enterprise Grid) and user groups (S).
# https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
_PERSON_ID: Final = re.compile(r"[UWS][A-Z0-9]{7,}")
_COPY_ID: Final = later("copy the id from the person's profile or the group's menu in Slack")


def read(name: str, node: Node, labels: Labels, report: Report) -> Stage:
    """Return a stage, with the shared labels. Report invalid parts, and leave them out."""
    found = shape.keys(node, report, required=REQUIRED, optional=OPTIONAL, meant=locales.MEANT)
    channels = {key: _destination(value, report) for key, value in _aliases(found.get("channels"), report)}
    return Stage(
        name,
        channels,
        fallback=_destination(found["fallback"], report) if "fallback" in found else "",
        redirect=_redirect(found["redirect"], channels, report) if "redirect" in found else "",
        prefix=_prefix(name, found.get("prefix"), report),
        vars=_variables(found["vars"], report) if "vars" in found else {},
        locale=Locale(
            time_zone=locales.time_zone(found.get("time_zone"), report) or "UTC",
            language=locales.language(found.get("language"), report) or "en",
            mentions={key: _mentioned(value, report) for key, value in _aliases(found.get("mentions"), report)},
            labels=labels,
            people=_people(found["people"], report) if "people" in found else {},
        ),
        threads=(shape.choice(found["threads"], THREADS, report) if "threads" in found else None) or "required",
    )


def is_channel(destination: str) -> bool:
    """Return whether a destination is a channel's id, as opposed to the name of a webhook's secret."""
    return bool(_CHANNEL_ID.fullmatch(destination))


def alias(node: Node, report: Report) -> str:
    """Return a channel's alias, as templates use it; empty if it is invalid."""
    if isinstance(node, Scalar) and node.comment:
        message = say("YAML reads everything after # as a comment")
        fix = say("write {code}", code=f"channel: {node.comment.lstrip('# ')}")
        report.add(node.place, "VALUE_INVALID", message, fix)
        return ""
    name = shape.literal(node, report)
    if name is None or not isinstance(node, Scalar):
        return ""
    return _alias(node, report)


def _aliases(node: Node | None, report: Report) -> list[tuple[str, Node]]:
    entries = shape.entries(node, report) if node else ()
    for entry in entries:
        _alias(entry.key, report)
    return [(entry.key.text, entry.value) for entry in entries]


def _alias(node: Scalar, report: Report) -> str:
    if _ALIAS.fullmatch(node.text):
        return node.text
    if _CHANNEL_ID.fullmatch(node.text):
        message = say("a template names an alias, not a channel's id")
        fix = say("give the id an alias in every file of _stages/")
    else:
        message = say("`{text}` is not an alias: small letters, digits, _ and -, without #", text=node.text)
        right = node.text.lower().strip("#@ ")
        fix = say("write {code}", code=right) if _ALIAS.fullmatch(right) else say("write an alias from _stages/")
    report.add(node.place, "VALUE_INVALID", message, fix)
    return ""


def _destination(node: Node, report: Report) -> str:
    found = shape.literal(node, report)
    if found and not _CHANNEL_ID.fullmatch(found) and not _WEBHOOK.fullmatch(found):
        message = say("this is neither a channel's id nor the name of a webhook's secret")
        fix = say("write the id from the end of the channel's details in Slack (C...)")
        report.add(node.place, "VALUE_INVALID", message, fix)
    return found or ""


def _redirect(node: Node, channels: Mapping[str, str], report: Report) -> str:
    """Return the destination: that of one of the stage's aliases, or the one given."""
    found = shape.literal(node, report)
    return channels[found] if found and found in channels else _destination(node, report)


def _mentioned(node: Node, report: Report) -> str:
    found = shape.literal(node, report)
    if found and found not in GROUPS and not _PERSON_ID.fullmatch(found):
        message = say(
            "this is neither a person's or group's id (U..., W..., S...) nor one of: {names}", names=", ".join(GROUPS)
        )
        report.add(node.place, "VALUE_INVALID", message, say(_COPY_ID))
    return found or ""


def _people(node: Node, report: Report) -> dict[str, str]:
    """Return the person for each value of a row. None can be a group such as `channel`: no row can notify everybody."""
    people = {}
    for entry in shape.entries(node, report):
        found = shape.literal(entry.value, report)
        if found and not _PERSON_ID.fullmatch(found):
            message = say("this is not the id of a person or a group (U..., W..., S...)")
            report.add(entry.value.place, "VALUE_INVALID", message, say(_COPY_ID))
        people[entry.key.text] = found or ""
    return people


def _prefix(name: str, node: Node | None, report: Report) -> str:
    """Return the start of each message. `prefix: ""` turns it off."""
    if node is None:
        return "" if name == PRODUCTION else f"[{name}]"
    if isinstance(node, Scalar) and node.value == "":
        return ""
    if isinstance(node, Scalar):
        slack_markup.check("value", node, slack_markup.Names(), report)
    return shape.literal(node, report) or ""


def _variables(node: Node, report: Report) -> dict[str, Value]:
    variables: dict[str, Value] = {}
    for entry in shape.entries(node, report):
        own_name(entry.key, report, reserved=KEYWORDS)
        if isinstance(entry.value, Scalar) and isinstance(entry.value.value, int):  # includes true and false
            variables[entry.key.text] = entry.value.value
        elif (text := shape.literal(entry.value, report)) is not None:
            variables[entry.key.text] = text
    return variables
