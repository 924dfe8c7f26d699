"""What the page shows beside the messages.

Each kind of fact is a flat object with these fields, and no others:

    delivery    the outcome of a message: `channel` and `ts` name it, `type` and `id` the event, `template` the file
    silent      an event of which a template posted nothing, and why
    parked      an event that went to the dead-letter queue, why, and what to do about it. `message` is its name in that
                queue, and `records` how many there are in it that can be sent again
    waiting     an event that is tried again, or that the queue holds: why, how often it was tried (`attempt`), and
                about when it will be next (`due`, in Unix seconds)
    more        how many (`count`) of a kind (`of`) there are besides those that are shown
    mention     what templates call a person or a group, whom messages name by `id`
    finding     a mistake in a template: where (`line` from 1), what, and the corrected text or the next step in `fix`;
                `edit` is what to write in place of the word there, if that is enough; `severity` is error or warning,
                of which an error keeps the file out of the function

`event` is the identity of an event, by which `notifier explain` knows it.

Values are texts, or whole numbers where they are so in the event or the file.
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
# What a fact is about: a later one about the same thing takes its place. The others only add up.
NAMES: Final = {"delivery": ("channel", "ts"), "silent": ("event", "template"), "parked": ("message",)}


def read_facts(document: Any) -> list[Fact]:
    """Return the facts of a JSON array. Raises ValueError with the first that is wrong."""
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
