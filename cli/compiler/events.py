"""Checks the event types across files: at most one poll for each, and no `event:` with a probable typing error.

Types that differ by a letter can both be meant: order.created and order.creates, v1 and v2, stock.low and stock.slow.
So only a letter inside a long word counts, and only in an `event:` that no other file has: that key exists so that
several files can share one type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from cli.compiler.findings import Report
from cli.compiler.template import Template
from cli.language import say

_LONG: Final = 6  # letters; in shorter words, a wrong letter often makes another real word


def check(templates: Sequence[Template], report: Report) -> None:
    """Report mistakes that only show across files."""
    _similar(templates, report)
    _polled_twice(templates, report)


def _polled_twice(templates: Sequence[Template], report: Report) -> None:
    """Report an event type with more than one poll. A row makes one event, which every file of the type receives."""
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
    """Report each `event:` that is one letter away from exactly one other type, or from its own file's name."""
    uses = Counter(one.notification.event for one in templates)
    for template in templates:
        name, event = template.notification.name, template.notification.event
        near = [other for other in sorted({*uses, name}) if _is_near(event, other)]
        if template.event and uses[event] == 1 and len(near) == 1:
            message = say("no other file is for `{event}`; it looks like `{near}`", event=event, near=near[0])
            fix = say("write {near}, if the application publishes that", near=near[0])
            report.add(template.event, "EVENT_TYPE_SIMILAR", message, fix)


def _is_near(event: str, other: str) -> bool:
    """Return whether the two differ by one extra or missing letter, or by two swapped letters, in one word."""
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
