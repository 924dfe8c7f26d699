"""The lines that the notifier itself adds to messages. In the language of the template."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handler.errors import NotifierError
from handler.model import Event, Leaf
from handler.stages.broken_template import problem_text
from handler.templating import Templates

_TEXTS: Final = {
    "en": {
        "left out": "Could not be read: {}",
        "late": "Late: this is from {}",
        "found late": "Late: the database showed this row long after it was written",
        "digest": ":inbox_tray: {} rows ({}, ids {} to {}) were found at once, so they are not shown one by one",
        "previous version": "{} is broken: {}. The version before its last change wrote this",
    },
    "ja": {
        "left out": "取得できませんでした: {}",
        "late": "遅延: {} のイベントです",
        "found late": "遅延: この行は、書き込まれてからかなり後に見えるようになりました",
        "digest": ":inbox_tray: {} 件の行（{}、ID {}〜{}）がまとめて見つかったため、個別には表示しません",
        "previous version": "{} に問題があります: {}。直前の版で表示しています",
    },
}
_WHEN: Final = Leaf("plain", "{{ at | datetime('short') }}", "late")


def left_out(names: Sequence[str], templates: Templates) -> list[str]:
    """Return a footer for each lookup that failed and that the message is posted without."""
    return [_text("left out", templates, name) for name in names]


def late(at: datetime, templates: Templates) -> str:
    """Return the footer of a late message: the time of its event."""
    return _text("late", templates, templates.render(_WHEN, {"at": at}))


def found_late(templates: Templates) -> str:
    """Return the footer for a row that a poll found later than the longest transaction can explain."""
    return _text("found late", templates)


def digest(event: Event, templates: Templates) -> str:
    """Return the text of the one message that replaces the messages of many rows."""
    found = event.polled.digest if event.polled else None
    counted = [found.count, found.first, found.last] if found else []
    count, *ids = map(str, counted)
    return _text("digest", templates, count, event.type, *ids)


def previous_version(notification: str, problem: NotifierError, templates: Templates) -> str:
    """Return the footer of a message that the previous version of a broken template made."""
    said = problem_text(problem, notification, templates)
    return _text("previous version", templates, f"{notification}.yaml", said)


def _text(what: str, templates: Templates, *parts: str) -> str:
    return _TEXTS.get(templates.locale.language, _TEXTS["en"])[what].format(*parts)
