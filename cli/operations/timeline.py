"""Merges the function's log and the state table to a timeline of one event. Pure: the time is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cli.language import later, say
from cli.operations import accounting, dlq_view, log_steps
from cli.operations.dead_letters import DeadLetter
from cli.operations.function_log import Line
from cli.operations.log_steps import Kind, Step
from cli.operations.rows import Row
from handler.delivery.records import PHASE_WORDS, Phase
from handler.outcome import IDENTITY_REUSED, State

# The row is written before the log line about the same thing, by one clock or by two that differ a little.
SKEW_SECONDS: Final = 1.0
_SENDERS: Final = {"function": later("the function"), "queue": "SQS", "topic": "SNS", "lambda": "Lambda"}


@dataclass(frozen=True, slots=True)
class Trail:
    """One delivery from its first attempt to now. `state` is a Phase, or a State if only the log has it.

    Notification and channel are empty until they are chosen. A `notice` is the message about a broken template. `due`
    is when it is retried (Unix seconds; 0: never, or the log does not say).
    """

    notification: str
    channel: str
    state: str
    code: str = ""
    notice: bool = False
    steps: Sequence[Step] = ()
    due: float = 0.0

    @property
    def queued(self) -> bool:
        """Return whether the delivery has not ended."""
        return self.state not in ("delivered", "suppressed", "parked", "repeated")


@dataclass(frozen=True, slots=True)
class Timeline:
    """All deliveries of an event. `received` is when it was first sent (Unix seconds; 0: unknown).

    `origin` is `poll` if a poll found the event.
    """

    identity: str
    type: str = ""
    id: str = ""
    received: float = 0.0
    trails: Sequence[Trail] = field(default_factory=tuple)
    origin: str = ""


def merge(identity: str, lines: Sequence[Line], rows: Sequence[Row], now: float) -> Timeline:
    """Return the timeline of an event. Without lines and rows it has no trails."""
    lines = sorted(lines, key=lambda line: line.at)
    first = next(iter(_kinds(lines, rows)), ("", ""))
    names = _names(lines, rows)
    trails = [_trail(name, names, lines, rows, now, first) for name in names]
    origin = next((line.origin for line in lines if line.origin), "")
    return Timeline(identity, *first, _received(lines, rows), trails, origin)


def _kinds(lines: Sequence[Line], rows: Sequence[Row]) -> dict[Kind, float]:
    """Return the (type, id) of the events in the lines and rows, with the time when each first appears; earliest first.

    There is only one, unless a publisher used an event_id twice. Rows of an early version do not have it.
    """
    seen = [(line.at, (line.type, line.id)) for line in lines]
    seen += [
        (row.record.ambiguous_since or row.record.at, (row.record.event_type, row.record.event_id)) for row in rows
    ]
    kinds: dict[Kind, float] = {}
    for at, kind in sorted(seen):
        if kind[0]:
            kinds.setdefault(kind, at)
    return kinds


# A delivery: notification, channel, and whether it is a notice.
_Name = tuple[str, str, bool]


def _names(lines: Sequence[Line], rows: Sequence[Row]) -> list[_Name]:
    """Return the deliveries, sorted.

    A step without a channel belongs to every channel's trail, unless it is the notification's final state.
    """
    named = {_of_line(line) for line in lines} | {_of_row(row) for row in rows}
    routed = {name[0] for name in named if name[1] and not name[2]}
    standing = {_of_row(row) for row in accounting.current(rows)}
    whole = {name for name in named if name[1] or (name[0] and name[0] not in routed) or name in standing}
    return sorted(whole) or sorted(named)


def _of_line(line: Line) -> _Name:
    return line.notification, line.channel, line.notice


def _of_row(row: Row) -> _Name:
    return row.key.notification, row.key.channel, row.key.notice


def _belongs(part: _Name, name: _Name, names: Sequence[_Name]) -> bool:
    """Return whether a line is part of a delivery: its own, or from before its channel or notification was known."""
    before = not part[1] and part not in names and part[0] in ("", name[0])
    return part == name or (before and not name[2])


def _trail(
    name: _Name, names: Sequence[_Name], lines: Sequence[Line], rows: Sequence[Row], now: float, first: Kind
) -> Trail:
    about = [line for line in lines if _belongs(_of_line(line), name, names)]
    row = next((row for row in rows if _of_row(row) == name), None)
    steps = [*_others(first, about, row), *_steps(about)]
    steps.sort(key=lambda step: step.at)
    last = about[-1] if about else None
    if row is None:
        return Trail(*name[:2], last.state.value if last else "", last.code if last else "", name[2], steps)
    if not _is_told(row, about):
        steps = sorted([*steps, log_steps.of_row(row.record)], key=lambda step: step.at)
    due = 0.0 if row.final else log_steps.due(row.record)
    if due:
        steps.append(log_steps.ahead(row.record, now))
    return Trail(*name[:2], PHASE_WORDS[row.record.phase], row.record.code, name[2], steps, due)


def with_letter(timeline: Timeline, letter: DeadLetter) -> Timeline:
    """Return the timeline in which open deliveries end in the dead-letter queue, where another service put them."""
    queued = [trail for trail in timeline.trails if trail.queued] or [Trail(letter.notification, letter.channel, "")]
    ended = [_given_up(trail, letter) for trail in queued]
    kept = [trail for trail in timeline.trails if trail not in queued]
    received = timeline.received or letter.first_sent_at
    return replace(timeline, type=letter.type, id=letter.id, received=received, trails=[*kept, *ended])


def _given_up(trail: Trail, letter: DeadLetter) -> Trail:
    steps = [step for step in trail.steps if step.word not in log_steps.AHEAD]
    at = max(letter.parked_at, *(step.at for step in steps), 0.0)
    text = ": ".join(filter(None, (letter.code, letter.detail))) or dlq_view.cause(letter)[0]
    put = say("it lies in the dead-letter queue, put there by {sender}", sender=say(_SENDERS[letter.sender]))
    end = Step(at, "parked", text, "bad", (put,))
    return replace(trail, state="parked", code=letter.code, steps=[*steps, end], due=0.0)


def _others(first: Kind, lines: Sequence[Line], row: Row | None) -> list[Step]:
    """Return steps for other events with the same identity, unless a log line says so already."""
    said = {(line.type, line.id) for line in lines if line.code == IDENTITY_REUSED}
    kinds = _kinds(lines, [row] if row else [])
    return [log_steps.other(at, kind, first) for kind, at in kinds.items() if kind != first and kind not in said]


def _steps(lines: Sequence[Line]) -> list[Step]:
    """Return the attempts as steps. An attempt after a parked one can only be a replay."""
    steps: list[Step] = []
    parked = False
    for line in lines:
        step = log_steps.of_line(line)
        if parked and line.state is not State.REPEATED:
            step = replace(step, facts=(say("a replay"), *step.facts))
        parked = parked or line.state is State.PARKED
        steps.append(step)
    return steps


def _is_told(row: Row, lines: Sequence[Line]) -> bool:
    """Return whether the log shows all that a row does. It misses an attempt that was killed before its end."""
    since = [line.state for line in lines if line.at >= row.record.at - SKEW_SECONDS]
    if row.final:
        return PHASE_WORDS[row.record.phase] in since
    return State.RETRY in since and row.record.phase is not Phase.SENDING


def _received(lines: Sequence[Line], rows: Sequence[Row]) -> float:
    ages = [line.at - line.age for line in lines if line.age is not None]
    began = [line.at for line in lines] + [row.record.ambiguous_since or row.record.at for row in rows]
    return min(ages) if ages else min(began, default=0.0)
