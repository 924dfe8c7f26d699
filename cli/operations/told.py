"""Describes one line of the log, or one record of the state table, as a step of a delivery's timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cli.operations import times
from cli.operations.journal import Line
from handler.delivery.records import FINAL, DeliveryRecord, Phase
from handler.errors import CODES
from handler.outcome import IDENTITY_REUSED, Rule, State

# An event's type and id.
Kind = tuple[str, str]
Tone = Literal["good", "bad", "waiting", "quiet"]

# The name of a retry, where there is a better one than "failed".
_RETRIES: Final = {
    "SLACK_RATE_LIMITED": "rate limited",
    "SLACK_AMBIGUOUS": "ambiguous",
    "SLACK_UNREADABLE": "ambiguous",
    "SLACK_HELD": "held back",
    "ROW_NOT_FOUND": "not there yet",
    "API_NOT_FOUND": "not there yet",
    "ROW_STALE": "not there yet",
    "ROW_STUB": "stub posted",
    "LEDGER_BUSY": "held back",
    "THREAD_BUSY": "held back",
    "TIME_SHORT": "held back",
}
_RULES: Final = {
    "WHEN": "the template's `when` did not hold",
    "NO_ROUTE": "no route of the template held",
    "ROW_NOT_FOUND": "nothing was found, and the template skips that (ROW_NOT_FOUND)",
    "API_NOT_FOUND": "nothing was found, and the template skips that (API_NOT_FOUND)",
    "ROW_STALE": "the row stayed older than the event, and the template skips that (ROW_STALE)",
    "NOTICE_COUNTED": "the notice about the broken template counts this event; no message was posted for it",
    "SUPERSEDED": "when the event came again, the template did not ask for this message any more",
    "EVENT_TYPE_UNKNOWN": "there is no template for this type, and the stack ignores such events",
}
# The name of a step in the future, and of one whose time has passed.
AHEAD: Final = ("next", "was due")
_UNLOGGED: Final = "as the state table says: the log has no line about it"
_WORKS: Final = {"lookup": "looked up in", "render": "rendered in", "post": "posted in"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, or will happen, at `at` (Unix seconds). `facts` are further details.

    `channel` and `ts` name a message in Slack.
    """

    at: float
    word: str
    text: str
    tone: Tone = "quiet"
    facts: tuple[str, ...] = ()
    channel: str = ""
    ts: str = ""


def of_line(line: Line) -> Step:
    """Return the result of an attempt as a step."""
    word, text, tone = _told(line)
    facts = [f"attempt {line.attempt}"] if line.attempt > 1 or line.milliseconds else []
    facts += [f"{_WORKS.get(name, name)} {took:,.0f} ms" for name, took in line.milliseconds.items()]
    return Step(line.at, word, text, tone, tuple(facts), line.posted, line.ts)


def _told(line: Line) -> tuple[str, str, Tone]:
    match line.state:
        case State.DELIVERED if line.code == "READ_BACK":
            return "read back", "found in the channel: Slack had accepted it", "good"
        case State.DELIVERED:
            return ("notice posted" if line.notice else "delivered"), line.detail, "good"
        case State.SUPPRESSED if line.code == Rule.COUNTED:
            return "counted", _joined(_RULES[line.code], line.detail), "quiet"
        case State.SUPPRESSED:
            why = _RULES.get(line.code, line.code)
            return "suppressed", _joined(why, line.detail), "quiet"
        case State.PARKED:
            return "parked", _joined(line.code, line.detail), "bad"
        case State.REPEATED if line.code == IDENTITY_REUSED:
            return "came again", line.detail, "bad"
        case State.REPEATED if line.code == Rule.COUNTED:
            return "came again", "the notice counts this event already: nothing was done", "quiet"
        case State.REPEATED:
            return "came again", f"the event was already {line.code.lower() or 'done'}: nothing was done", "quiet"
    again = f"again {times.clock(line.at + line.due)}, in {times.span(line.due)}" if line.due is not None else ""
    known = CODES.get(line.code)
    why = known.meaning if known and line.code in _RETRIES else _joined(line.code, line.detail)
    return _RETRIES.get(line.code, "failed"), "; ".join(filter(None, (why, again))), "waiting"


def other(at: float, kind: Kind, first: Kind) -> Step:
    """Return a step for another event that came with the identity of the first one."""
    text = f"{' '.join(kind)} has the event_id of {' '.join(first)}: publish each event with its own"
    return Step(at, "another event", text, "bad", (IDENTITY_REUSED,))


def of_row(record: DeliveryRecord) -> Step:
    """Return what only the state table knows, because the log is late, has expired, or was cut off."""
    word, text, tone = _known(record)
    facts = (_UNLOGGED,) if record.phase in FINAL else ()
    return Step(record.at, word, text, tone, facts, record.channel, record.ts)


def _known(record: DeliveryRecord) -> tuple[str, str, Tone]:
    match record.phase:
        case Phase.SENDING:
            return "being sent", "an attempt to post began", "waiting"
        case Phase.UNKNOWN:
            return "ambiguous", f"{record.ambiguous_posts} posts whose outcome is unknown", "waiting"
        case Phase.WAITING:
            return "waiting", _meant(record.code), "waiting"
        case Phase.STUB:
            return "stub posted", _meant(record.code or "ROW_STUB"), "waiting"
        case Phase.PARKED:
            return "parked", record.code, "bad"
        case Phase.SUPPRESSED:
            return "suppressed", _RULES.get(record.code, record.code), "quiet"
    return "delivered", record.code, "good"


def due(record: DeliveryRecord) -> float:
    """Return when a delivery that has not ended is attempted next, in Unix seconds."""
    return max(record.until, record.at)


def ahead(record: DeliveryRecord, now: float) -> Step:
    """Return the next step of a delivery that has not ended."""
    late = now - due(record)
    what = {
        Phase.SENDING: "another attempt looks for the post, or repeats it",
        Phase.UNKNOWN: "it is looked for in the channel, posted again, or parked, as ambiguous= in Slack says",
        Phase.STUB: "the message is edited when the row is there",
    }.get(record.phase, "it is tried again")
    if late <= 0:
        return Step(due(record), AHEAD[0], f"{what}: in {times.span(late)}", "waiting")
    return Step(due(record), AHEAD[1], f"{what}: since {times.span(late)}", "waiting")


def _meant(code: str) -> str:
    known = CODES.get(code)
    return known.meaning if known else code


def _joined(*parts: str) -> str:
    return ": ".join(filter(None, parts))
