"""The event types of a folder: one poll for each, and an `event:` that looks like a slip of the pen.

Types that differ by a letter can both be meant: order.created and order.creates, v1 and v2, stock.low and stock.slow.
So only a letter within a long word counts, and only in an `event:` that no other file shares: that key is there so that
several files can have one type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from cli.compiler.findings import Report
from cli.compiler.template import Template
from cli.language import say

_LONG: Final = 6  # letters of a word in which one that is wrong rarely makes another word


def check(templates: Sequence[Template], report: Report) -> None:
    """Report what only shows across files."""
    _similar(templates, report)
    _polled_twice(templates, report)


def _polled_twice(templates: Sequence[Template], report: Report) -> None:
    """Report an event type with more than one poll: each row makes one event, which every file of the type receives."""
    first: dict[str, str] = {}
    for template in templates:
        name, event = template.notification.name, template.notification.event
        if template.poll and first.setdefault(event, name) != name:
            message = say(
                "{first}.yaml has a `poll` for `{event}` already; its events reach every file of that type",
                first=first[event],
                event=event,
            )
            report.add(template.poll, "KEY_DUPLICATE", message, say("remove one of the two"))


def _similar(templates: Sequence[Template], report: Report) -> None:
    """Report each `event:` that is one letter away from one other type, or from the name of its own file."""
    uses = Counter(one.notification.event for one in templates)
    for template in templates:
        name, event = template.notification.name, template.notification.event
        near = [other for other in sorted({*uses, name}) if _is_near(event, other)]
        if template.event and uses[event] == 1 and len(near) == 1:
            message = say("no other file is for `{event}`; it looks like `{near}`", event=event, near=near[0])
            fix = say("write {near}, if the application publishes that", near=near[0])
            report.add(template.event, "EVENT_TYPE_SIMILAR", message, fix)


def _is_near(event: str, other: str) -> bool:
    """Whether one has a letter too many or too few, or two in the wrong order, within one word."""
    words, others = event.replace(".", "_").split("_"), other.replace(".", "_").split("_")
    if len(words) != len(others):
        return False
    unlike = [pair for pair in zip(words, others, strict=True) if pair[0] != pair[1]]
    return len(unlike) == 1 and _is_slip(*unlike[0])


def _is_slip(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    if len(long) < _LONG or not long.isalpha():
        return False
    if len(short) == len(long):
        return other in _swapped(word)
    return short in (long[:at] + long[at + 1 :] for at in range(1, len(long) - 1)) and short[-1] == long[-1]


def _swapped(word: str) -> Iterable[str]:
    return (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1))
