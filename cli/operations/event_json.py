"""A timeline as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.language import say
from cli.operations import times
from cli.operations.log_steps import Step
from cli.operations.remedies import remedy
from cli.operations.timeline import Timeline, Trail
from handler.errors import CODES

Links = Mapping[tuple[str, str], str]


def document(found: Timeline, links: Links) -> dict[str, Any]:
    """Return an event with its deliveries and their steps as JSON values. Times are ISO 8601 in UTC."""
    return {
        "event_id": found.identity,
        "type": found.type,
        "id": found.id,
        "origin": found.origin or None,
        "received": times.iso(found.received) if found.received else None,
        "deliveries": [_delivery(trail, links) for trail in found.trails],
    }


def _delivery(trail: Trail, links: Links) -> dict[str, Any]:
    known = CODES.get(trail.code)
    return {
        "notification": trail.notification,
        "channel": trail.channel,
        "notice": trail.notice,
        "state": trail.state,
        "queued": trail.queued,
        "due": times.iso(trail.due) if trail.due else None,
        "code": trail.code,
        "meaning": say(known.meaning) if known else None,
        "remedy": remedy(trail.code) if known else None,
        "steps": [_step(step, links) for step in trail.steps],
    }


def _step(step: Step, links: Links) -> dict[str, Any]:
    message = {"channel": step.channel, "ts": step.ts, "link": links.get((step.channel, step.ts))} if step.ts else None
    return {"at": times.iso(step.at), "what": step.word, "text": step.text, "facts": step.facts, "message": message}
