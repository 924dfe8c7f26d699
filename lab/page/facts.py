"""What the page shows besides the messages.

Each kind of fact is a flat object with these fields, and no others:

    delivery    the outcome of a message: `channel` and `ts` name it, `type` and `id` the event, `template` the file
    silent      an event for which a template posted nothing, and why
    parked      an event that went to the dead-letter queue, why, and what to do about it. `message` is its id in that
                queue, and `records` the number of records in it that can be replayed
    waiting     an event that will be retried, or that the queue holds: why, the number of attempts (`attempt`), and
                roughly when the next one is (`due`, in Unix seconds)
    more        how many (`count`) facts of a kind (`of`) exist beyond those that are shown
    mention     the name that templates use for a person or a group; messages mention them by `id`
    finding     a mistake in a template: where (`line` from 1), what, and the corrected text or the next step in `fix`;
                `edit` is the replacement for the word there, if that is enough; `severity` is error or warning:
                with an error, the file does not go into the function

`event` is the identity of an event, as `notifier explain` takes it.

Values are strings, or integers if the event or the file has integers.
"""

from __future__ import annotations

from typing import Any, Final

Fact = dict[str, str | int]

FIELDS: Final = {
    "delivery": frozenset({"channel", "ts", "event", "type", "id", "template", "outcome"}),
    "silent": frozenset({"event", "type", "id", "template", "code", "meaning", "detail"}),
    "parked": frozenset({"message", "records", "event", "type", "id", "code", "meaning", "remedy"}),
    "finding": frozenset({"file", "line", "code", "severity", "message", "fix", "edit"}),
    "waiting": frozenset({"event", "type", "id", "code", "meaning", "remedy", "attempt", "due"}),
    "more": frozenset({"of", "count"}),
    "mention": frozenset({"id", "name"}),
}
# The fields that identify what a fact is about: a later fact about the same thing replaces it. Others accumulate.
NAMES: Final = {"delivery": ("channel", "ts"), "silent": ("event", "template"), "parked": ("message",)}


def read_facts(document: Any) -> list[Fact]:
    """Return the facts of a JSON array. Raises ValueError with the first invalid one."""
    match document:
        case list():
            return [_read(fact, f"/{number}") for number, fact in enumerate(document)]
    raise ValueError("write an array of facts")


def read_object(document: Any) -> dict[str, Any]:
    """Return a JSON object: a question, or an answer. Raises ValueError."""
    if isinstance(document, dict):
        return document
    raise ValueError("write an object")


def read_gallery(document: Any) -> dict[str, dict[str, Any]]:
    """Return notifications and stages by their keys (cli.preview.gallery). Raises ValueError."""
    if isinstance(document, dict) and all(isinstance(item, dict) and "kind" in item for item in document.values()):
        return document
    raise ValueError("write an object of items, each with its kind")


def _read(fact: Any, where: str) -> Fact:
    match fact:
        case {"kind": str(kind)} if kind in FIELDS:
            return _flat(fact, FIELDS[kind] | {"kind"}, where)
    raise ValueError(f"{where}/kind must be one of: {', '.join(FIELDS)}")


def _flat(document: Any, fields: frozenset[str], where: str) -> Fact:
    if not isinstance(document, dict) or document.keys() != fields:
        raise ValueError(f"{where or '/'} must be an object with exactly: {', '.join(sorted(fields))}")
    if odd := [name for name, value in document.items() if type(value) not in (str, int)]:
        raise ValueError(f"{where}/{odd[0]} must be a text or a whole number")
    return document
