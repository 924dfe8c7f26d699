"""Reads the function's log: one line of JSON for each attempt at a delivery (handler/telemetry.py writes them)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cli.language import say
from cli.operations.aws_errors import UnansweredError, asking, code
from cli.operations.stack import Stack
from handler.outcome import State
from handler.stages.route import UUID

_STATES: Final = frozenset(state.value for state in State)
_TEXTS: Final = ("code", "detail", "record", "origin", "notification", "channel")
# Characters that need no escape in the quotes of a filter pattern.
_PLAIN: Final = re.compile(r"[^\"\\*%]*")


@dataclass(frozen=True, slots=True)
class Line:
    """A log line: one attempt at a delivery, at `at` (Unix seconds).

    `age` is how old the event was then, `due` in how many seconds it is retried; None if the line does not say.
    `posted` and `ts` are Slack's ids of the channel and the message. `origin` is `poll` if a poll found the event, and
    empty if an application published it.
    """

    at: float
    state: State
    code: str = ""
    detail: str = ""
    record: str = ""
    attempt: int = 1
    type: str = ""
    id: str = ""
    identity: str = ""
    notification: str = ""
    channel: str = ""
    notice: bool = False
    posted: str = ""
    ts: str = ""
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    age: float | None = None
    due: float | None = None
    origin: str = ""


def of_event(stack: Stack, group: str, name: str, since: float, progress: Callable[[int], None]) -> list[Line]:
    """Return the lines about an event, by its identity or by the message id of its record. Raises UnansweredError."""
    quoted = _quoted(name)
    pattern = f"{{ ($.correlation_id = {quoted}) || ($.record = {quoted}) }}"
    found = _search(stack, group, pattern, since, progress)
    return [line for line in found if name in (line.identity, line.record)]


def of_type(
    stack: Stack, group: str, event_type: str, event_id: str, since: float, progress: Callable[[int], None]
) -> list[Line]:
    """Return the lines about all events with this type and id. Raises UnansweredError.

    The function writes a UUID in small letters, unless no template takes the event.
    """
    spellings = sorted({event_id, event_id.lower()}) if UUID.fullmatch(event_id) else [event_id]
    ids = [f"($.event.id = {_quoted(one)})" for one in spellings]
    if re.fullmatch(r"-?\d{1,19}", event_id):
        ids.append(f"($.event.id = {event_id})")
    pattern = f"{{ ($.event.type = {_quoted(event_type)}) && ({' || '.join(ids)}) }}"
    found = _search(stack, group, pattern, since, progress)
    return [line for line in found if line.type == event_type and line.id in spellings]


def kept_days(stack: Stack, group: str) -> int | None:
    """Return for how many days the log is kept; None: forever. Raises UnansweredError."""
    with asking(say("read the log group"), "logs:DescribeLogGroups"):
        answer = stack.client("logs").describe_log_groups(logGroupNamePrefix=group, limit=1)
    found = answer["logGroups"]
    return int(found[0]["retentionInDays"]) if found and "retentionInDays" in found[0] else None


def _quoted(text: str) -> str:
    """Return a text for a filter pattern. From its first special character on, it matches anything."""
    plain = _PLAIN.match(text)
    begins = plain[0] if plain else ""
    return f'"{begins}"' if begins == text else f'"{begins}*"'


def _search(stack: Stack, group: str, pattern: str, since: float, progress: Callable[[int], None]) -> Iterator[Line]:
    """Yield the lines that match, and perhaps more. `progress` is called with the number of pages read."""
    from botocore.exceptions import ClientError

    pages = stack.client("logs").get_paginator("filter_log_events")
    with asking(say("read the function's log"), "logs:FilterLogEvents"):
        try:
            asked = {"logGroupName": group, "filterPattern": pattern, "startTime": int(since * 1000)}
            for number, page in enumerate(pages.paginate(**asked), 1):
                progress(number)
                for event in page["events"]:
                    if line := read(event["message"], event["timestamp"] / 1000):
                        yield line
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            raise UnansweredError(f"Could not read the function's log: there is no log group {group}.") from None


def read(text: str, at: float) -> Line | None:
    """Parse a line; None if it is not about a delivery. Unknown fields, of a newer version, are ignored."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict) or str(said.get("message")) not in _STATES:
        return None
    event, posted = _object(said.get("event")), _object(said.get("posted"))
    return Line(
        at=at,
        state=State(said["message"]),
        **{name: str(said.get(name, "")) for name in _TEXTS},
        attempt=int(said.get("attempt", 1)),
        type=str(event.get("type", "")),
        id=str(event.get("id", "")),
        identity=str(event.get("event_id", "")),
        notice=bool(said.get("notice")),
        posted=str(posted.get("channel", "")),
        ts=str(posted.get("ts", "")),
        milliseconds=_object(said.get("milliseconds")),
        age=said.get("age_seconds"),
        due=said.get("due_in_seconds"),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
