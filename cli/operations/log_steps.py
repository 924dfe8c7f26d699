"""Describes one line of the log, or one record of the state table, as a step of a delivery's timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from cli.language import later, say
from cli.operations import times
from cli.operations.function_log import Line
from handler.delivery.records import FINAL, DeliveryRecord, Phase
from handler.errors import CODES
from handler.outcome import IDENTITY_REUSED, Rule, State

# The type and the id of an event.
Kind = tuple[str, str]
Tone = Literal["good", "bad", "waiting", "quiet"]

# Words for a retry that say more than "failed".
_RETRIES: Final = {
    "SLACK_RATE_LIMITED": later("rate limited"),
    "SLACK_AMBIGUOUS": later("ambiguous"),
    "SLACK_UNREADABLE": later("ambiguous"),
    "SLACK_HELD": later("held back"),
    "ROW_NOT_FOUND": later("not there yet"),
    "API_NOT_FOUND": later("not there yet"),
    "ROW_STALE": later("not there yet"),
    "ROW_STUB": later("stub posted"),
    "LEDGER_BUSY": later("held back"),
    "THREAD_BUSY": later("held back"),
    "TIME_SHORT": later("held back"),
}
_RULES: Final = {
    "WHEN": later("the template's `when` did not hold"),
    "NO_ROUTE": later("no route of the template held"),
    "ROW_NOT_FOUND": later("nothing was found, and the template skips that (ROW_NOT_FOUND)"),
    "API_NOT_FOUND": later("nothing was found, and the template skips that (API_NOT_FOUND)"),
    "ROW_STALE": later("the row stayed older than the event, and the template skips that (ROW_STALE)"),
    "NOTICE_COUNTED": later("the notice about the broken template counts this event; no message was posted for it"),
    "SUPERSEDED": later("when the event came again, the template did not ask for this message any more"),
    "EVENT_TYPE_UNKNOWN": later("there is no template for this type, and the stack ignores such events"),
}
# The word of a future step, and that of a step whose time has passed.
AHEAD: Final = (later("next"), later("was due"))
_UNLOGGED: Final = later("as the state table says: the log has no line about it")
_WORKS: Final = {
    "lookup": later("looked up in {took}"),
    "render": later("rendered in {took}"),
    "post": later("posted in {took}"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, or will happen, at `at` (Unix seconds). `facts` are details.

    `word` is English, for JSON; people see `say(word)`. `channel` and `ts` identify a message in Slack.
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
    facts = [say("attempt {number}", number=line.attempt)] if line.attempt > 1 or line.milliseconds else []
    facts += [say(_WORKS.get(name, name), took=f"{took:,.0f} ms") for name, took in line.milliseconds.items()]
    return Step(line.at, word, text, tone, tuple(facts), line.posted, line.ts)


def _told(line: Line) -> tuple[str, str, Tone]:
    match line.state:
        case State.DELIVERED if line.code == "READ_BACK":
            return later("read back"), say("found in the channel: Slack had accepted it"), "good"
        case State.DELIVERED:
            return (later("notice posted") if line.notice else later("delivered")), line.detail, "good"
        case State.SUPPRESSED if line.code == Rule.COUNTED:
            return later("counted"), _joined(say(_RULES[line.code]), line.detail), "quiet"
        case State.SUPPRESSED:
            return later("suppressed"), _joined(rule(line.code), line.detail), "quiet"
        case State.PARKED:
            return later("parked"), _joined(line.code, line.detail), "bad"
        case State.REPEATED if line.code == IDENTITY_REUSED:
            return later("came again"), line.detail, "bad"
        case State.REPEATED if line.code == Rule.COUNTED:
            return later("came again"), say("the notice counts this event already: nothing was done"), "quiet"
        case State.REPEATED:
            return later("came again"), _already(line.code), "quiet"
    again = _again(line.at, line.due) if line.due is not None else ""
    known = CODES.get(line.code)
    why = say(known.meaning) if known and line.code in _RETRIES else _joined(line.code, line.detail)
    return _RETRIES.get(line.code, later("failed")), say("; ").join(filter(None, (why, again))), "waiting"


def _already(end: str) -> str:
    state = say(end.lower()) if end else say("done")
    return say("the event was already {state}: nothing was done", state=state)


def _again(at: float, due: float) -> str:
    return say("again at {clock}, in {span}", clock=times.clock(at + due), span=times.span(due))


def other(at: float, kind: Kind, first: Kind) -> Step:
    """Return a step for another event that came with the identity of the first."""
    text = say(
        "{event} has the event_id of {other}: publish each event with its own",
        event=" ".join(kind),
        other=" ".join(first),
    )
    return Step(at, later("another event"), text, "bad", (IDENTITY_REUSED,))


def of_row(record: DeliveryRecord) -> Step:
    """Return a step that only the state table has: the log is late, has expired, or the attempt was killed."""
    word, text, tone = _known(record)
    facts = (say(_UNLOGGED),) if record.phase in FINAL else ()
    return Step(record.at, word, text, tone, facts, record.channel, record.ts)


def _known(record: DeliveryRecord) -> tuple[str, str, Tone]:
    match record.phase:
        case Phase.SENDING:
            return later("being sent"), say("an attempt to post began"), "waiting"
        case Phase.UNKNOWN:
            ambiguous = say("{count} posts whose outcome is unknown", count=record.ambiguous_posts)
            return later("ambiguous"), ambiguous, "waiting"
        case Phase.WAITING:
            return later("waiting"), _meant(record.code), "waiting"
        case Phase.STUB:
            return later("stub posted"), _meant(record.code or "ROW_STUB"), "waiting"
        case Phase.PARKED:
            return later("parked"), record.code, "bad"
        case Phase.SUPPRESSED:
            return later("suppressed"), rule(record.code), "quiet"
    return later("delivered"), record.code, "good"


def due(record: DeliveryRecord) -> float:
    """Return when a delivery that has not ended is tried next, in Unix seconds."""
    return max(record.until, record.at)


def ahead(record: DeliveryRecord, now: float) -> Step:
    """Return the next step of a delivery that has not ended."""
    late = now - due(record)
    what = {
        Phase.SENDING: say("another attempt looks for the post, or repeats it"),
        Phase.UNKNOWN: say("it is looked for in the channel, posted again, or parked, as ambiguous= in Slack says"),
        Phase.STUB: say("the message is edited when the row is there"),
    }.get(record.phase, say("it is tried again"))
    if late <= 0:
        return Step(due(record), AHEAD[0], say("{what}: in {span}", what=what, span=times.span(late)), "waiting")
    return Step(due(record), AHEAD[1], say("{what}: since {span}", what=what, span=times.span(late)), "waiting")


def _meant(code: str) -> str:
    known = CODES.get(code)
    return say(known.meaning) if known else code


def rule(code: str) -> str:
    """Return why nothing was posted, by the code of the rule."""
    return say(_RULES[code]) if code in _RULES else code


def _joined(*parts: str) -> str:
    return ": ".join(filter(None, parts))
