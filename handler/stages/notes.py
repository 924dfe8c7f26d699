"""What the notifier itself says in a message, in the language of the stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from handler.errors import CODES, NotifierError
from handler.model import Event, Leaf
from handler.templating import Templates

_WORDS: Final = {
    "en": {
        "missing": "Could not be read: {}",
        "late": "Late: this is from {}",
        "found late": "Late: the database showed this row long after it was written",
        "digest": ":inbox_tray: {} rows ({}, ids {} to {}) were found at once, so they are not shown one by one",
        "previous": "{} is broken: {}. The version before its last change wrote this",
        "notice": ":warning: {} {} could not be shown: {}. {}. The event is parked: repair {}, then replay it",
    },
    "ja": {
        "missing": "取得できませんでした: {}",
        "late": "遅延: {} のイベントです",
        "found late": "遅延: この行は、書き込まれてからかなり後に見えるようになりました",
        "digest": ":inbox_tray: {} 件の行（{}、ID {}〜{}）がまとめて見つかったため、個別には表示しません",
        "previous": "{} に問題があります: {}。直前の版で表示しています",
        "notice": ":warning: {} {} を表示できません: {}。{}。イベントは保留しました。{} を直してから再送してください",
    },
}
_WHEN: Final = Leaf("plain", "{{ at | datetime('short') }}", "late")


def missing(names: Sequence[str], templates: Templates) -> list[str]:
    """Say which lookups the message does without."""
    return [_say("missing", templates, name) for name in names]


def late(at: datetime, templates: Templates) -> str:
    """Say from when the message is."""
    return _say("late", templates, templates.render(_WHEN, {"at": at}))


def found_late(templates: Templates) -> str:
    """Say that a poll found the row after the time that the longest transaction takes."""
    return _say("found late", templates)


def digest(event: Event, templates: Templates) -> str:
    """Return the text that stands for the messages of many rows."""
    found = event.polled.digest if event.polled else None
    counted = [found.count, found.first, found.last] if found else []
    count, *ids = map(str, counted)
    return _say("digest", templates, count, event.type, *ids)


def previous(notification: str, problem: NotifierError, templates: Templates) -> str:
    """Say that an older version of the template wrote the message."""
    return _say("previous", templates, f"{notification}.yaml", str(problem))


def notice(event: Event, notification: str, problem: NotifierError, templates: Templates) -> str:
    """Return the text that stands for a message that could not be made."""
    file = f"{notification}.yaml"
    remedy = CODES[problem.code].remedy
    return _say("notice", templates, event.type, str(event.id), str(problem), remedy, file)


def _say(what: str, templates: Templates, *parts: str) -> str:
    return _WORDS.get(templates.locale.language, _WORDS["en"])[what].format(*parts)
