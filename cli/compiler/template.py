"""`templates/<event type>.yaml` - compiles one notification, key by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cli import diagnoses
from cli.compiler import (
    blocks,
    channels,
    interactive,
    lateness,
    locales,
    lookups,
    polls,
    samples,
    shape,
    skeleton,
    text_markup,
    threads,
)
from cli.compiler.findings import Place, Report
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Mapping as MappingNode
from cli.compiler.nodes import Node, Scalar
from cli.compiler.samples import Sample
from cli.compiler.stage_requirements import Need
from cli.language import say
from handler.model import IdRule, Leaf, Lookup, Notification, Poll
from handler.stages import id_pattern
from handler.templating import DiagnosedError, Templates

REQUIRED: Final = ("id", "text", "samples")
OPTIONAL: Final = (
    "description",
    "owner",
    "event",
    *channels.KEYS,
    "lookups",
    "when",
    "blocks",
    *threads.KEYS,
    "version",
    "poll",
    *locales.KEYS,
)
# Other names for a key -> the key to write.
MEANT: Final = {
    "message": "text",
    "title": "text",
    "channels": "channel",
    "condition": "when",
    "if": "when",
    "attachments": "blocks",
    "schedule": "poll",
    "team": "owner",
    "contact": "owner",
    "maintainer": "owner",
    **locales.MEANT,
}
MAX_OWNER: Final = 80  # characters
EVENT_TYPE: Final = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_ID_KINDS: Final = ("integer", "uuid")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled file, with what the tools need besides what the function needs.

    `channels` (by alias) and `text` are positions in the file; so are `event`, `thread` and `poll`, if they are there.
    `layout` has the nodes of the blocks, `nodes` that of each leaf by its `where`. `needs` is what it needs from its
    stage, `bases` has the variables that start URLs. `is_whole` is false if a stand-in replaces a part with an error:
    then render its samples only to find further mistakes.
    """

    notification: Notification
    channels: Mapping[str, Place]
    text: Place
    layout: tuple[Node, ...] = ()
    description: str = ""
    owner: str = ""
    samples: tuple[Sample, ...] = ()
    nodes: Mapping[str, Scalar] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    bases: Mapping[str, Place] = field(default_factory=dict)
    event: Place | None = None
    thread: Place | None = None
    poll: Place | None = None
    is_whole: bool = True

    @property
    def blocks(self) -> tuple[Place, ...]:
        """Return the positions of the blocks."""
        return tuple(node.place for node in self.layout)


def read(name: str, node: Node, templates: Templates, report: Report) -> Template | None:
    """Return the template, with stand-ins for invalid parts; None without `samples`: nothing can be rendered."""
    before = report.errors
    found = shape.keys(node, report, required=("id", "text"), optional=("samples", *OPTIONAL), meant=MEANT)
    leaves = Leaves(report, templates)
    description = shape.text(found["description"], report) if "description" in found else ""
    owner = _owner(found["owner"], report) if "owner" in found else ""
    rule = _id(found["id"], report) if "id" in found else None
    event = _event(found["event"], report) if "event" in found else name
    sampled = samples.columns(found["samples"]) if "samples" in found else {}
    read_lookups, leaves = lookups.read(found["lookups"], leaves, sampled) if "lookups" in found else ((), leaves)
    misspelt = _misspelt(node)
    routes = channels.read(found, node, leaves, is_named="channel" in misspelt)
    when = leaves.leaf("expression", found["when"]) if "when" in found else None
    text = leaves.leaf("mrkdwn", found["text"]) if "text" in found else None
    if "text" in found:
        leaves.show("mrkdwn", found["text"])
    layout = blocks.read(found["blocks"], leaves) if "blocks" in found else ()
    thread = threads.read(found, leaves)
    if "thread" in found:
        leaves.show("url", found["thread"])
    version = lateness.version(found["version"], leaves) if "version" in found else None
    poll = polls.read(found["poll"], shape.key_place(node, "poll"), report) if "poll" in found else None
    time_zone = locales.time_zone(found.get("time_zone"), report)
    language = locales.language(found.get("language"), report)
    if poll and rule:
        polls.check_id(found["id"].place, poll, rule, report)
    if isinstance(node, MappingNode) and not {"samples"} & {*found, *misspelt}:  # else there is a finding already
        _add_samples_missing(node, rule, read_lookups, leaves)
    is_whole = report.errors == before
    text_markup.check(leaves.shown, read_lookups, report)
    if "blocks" in found:
        interactive.check(found["blocks"], report)
    if "samples" not in found:
        return None
    notification = Notification(
        name,
        event,
        rule or _presumed(found["samples"]),
        routes.routes,
        text or Leaf("mrkdwn", "-", str(node.place)),
        read_lookups,
        when,
        layout,
        thread.key,
        thread.update,
        version,
        poll=poll and _in_zone(poll, time_zone),
        time_zone=time_zone,
        language=language,
    )
    read_samples = samples.read(found["samples"], notification, report)
    if poll and is_whole:
        polls.check_samples(found["samples"].place, poll, read_samples, report)
        polls.check_event(shape.key_place(node, "poll"), poll, event, report)
    return Template(
        notification=notification,
        channels=routes.places,
        text=found["text"].place if "text" in found else node.place,
        layout=shape.items(found["blocks"], report) if "blocks" in found else (),
        description=description or "",
        owner=owner,
        samples=read_samples,
        nodes=leaves.nodes,
        needs=tuple(leaves.needs),
        bases=leaves.bases,
        event=found["event"].place if "event" in found else None,
        thread=thread.place,
        poll=shape.key_place(node, "poll") if poll else None,
        is_whole=is_whole,
    )


def _add_samples_missing(node: Node, rule: IdRule | None, found: tuple[Lookup, ...], leaves: Leaves) -> None:
    """Report that there are no samples, and suggest one to fill in."""
    example = skeleton.sample(rule, found, [one.text for one in leaves.nodes.values()])
    fix = say(
        "let `notifier sample` take one from a real row, or add an event, and what is found for it:\n{example}",
        example=example,
    )
    leaves.report.add(node.place, "KEY_MISSING", say("`samples` is missing"), fix)


def _misspelt(node: Node) -> frozenset[str]:
    """Return the known keys that unknown ones seem to mean."""
    known = (*REQUIRED, *OPTIONAL)
    words = [entry.key.text for entry in node.entries] if isinstance(node, MappingNode) else []
    return frozenset(shape.closest_key(word, known, MEANT) for word in words if word not in known)


def _in_zone(poll: Poll, time_zone: str) -> Poll:
    """Return the poll with the template's time zone, if it has a cron expression and no zone of its own."""
    return replace(poll, time_zone=poll.time_zone or time_zone) if poll.cron else poll


def _presumed(samples: Node) -> IdRule:
    """Return the form of the samples' ids, if `id:` is missing or invalid."""
    found = (shape.at(entry.value, "id") for entry in shape.entries(samples, Report()))
    ids = [node.text for node in found if isinstance(node, Scalar)]
    return IdRule("integer") if all(map(str.isdecimal, ids)) else IdRule("pattern", ".+")


def takes(name: str, node: Node) -> tuple[str, IdRule] | None:
    """Return the event type and the form of ids of a file; None if either is invalid. Reads nothing else of it."""
    report = Report()
    values = {entry.key.text: entry.value for entry in node.entries} if isinstance(node, MappingNode) else {}
    event = _event(values["event"], report) if "event" in values else name
    rule = _id(values["id"], report) if "id" in values else None
    return (event, rule) if event and rule else None


def _owner(node: Node, report: Report) -> str:
    found = shape.literal(node, report, example="Payments team") or ""
    if "\n" in found or len(found) > MAX_OWNER:
        message = say("`owner` is one line of at most {limit} characters", limit=MAX_OWNER)
        fix = say("name a team or a person; the rest belongs in `description`")
        report.add(node.place, "VALUE_INVALID", message, fix)
    return found


def _event(node: Node, report: Report) -> str:
    found = shape.literal(node, report)
    if found and not EVENT_TYPE.fullmatch(found):
        message = say(
            "`{text}` is not an event type: small letters, digits and _, in parts with dots between", text=found
        )
        fix = say("write it as the application publishes it: order.created")
        report.add(node.place, "VALUE_INVALID", message, fix)
    return found or ""


def _id(node: Node, report: Report) -> IdRule | None:
    if isinstance(node, Scalar):
        kind = shape.choice(node, _ID_KINDS, report)
        return IdRule("uuid" if kind == "uuid" else "integer") if kind else None
    found = shape.keys(node, report, required=("pattern",))
    pattern = shape.text(found["pattern"], report) if "pattern" in found else None
    if pattern is None:
        return None
    try:
        id_pattern.compiled(pattern)
    except DiagnosedError as error:
        report.add(found["pattern"].place, "VALUE_INVALID", *diagnoses.words(error.diagnosis))
        return None
    return IdRule("pattern", pattern)
