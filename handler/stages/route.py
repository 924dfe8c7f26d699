"""Check the form of an event's id, and choose the channels of its message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from handler.errors import EventError
from handler.model import Event, IdRule, Notification
from handler.templating import Context, Templates

# Signed and unsigned BIGINT together.
_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**64 - 1
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,19}")
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def checked_id(rule: IdRule, event: Event) -> int | str:
    """Return the event's id as lookups use it. Raises EventError (EVENT_ID_INVALID).

    Lint checks the ids of samples with it too.

    MySQL compares the text '1abc' with an integer column as 1, so a bound parameter alone is no protection. So an id
    without the declared form never reaches a query. A whole number may be a text, because JavaScript has no exact
    integers above 2**53.
    """
    value = event.id
    match rule.kind:
        case "integer" if isinstance(value, int) or _INTEGER.fullmatch(value):
            if _LOWEST <= int(value) <= _HIGHEST:
                return int(value)
        case "uuid" if isinstance(value, str) and UUID.fullmatch(value):
            return value.lower()
        case "pattern" if isinstance(value, str) and value and _matches(rule.pattern, value):
            return value
    form = f"text that matches {rule.pattern}" if rule.kind == "pattern" else f"of type {rule.kind}"
    raise EventError("EVENT_ID_INVALID", f"{event.type}: the id is not {form}")


def _matches(pattern: str, value: str) -> bool:
    from handler.stages.id_pattern import compiled  # imported here because few templates have a pattern

    return compiled(pattern).matches(value)


def channels(notification: Notification, context: Context, templates: Templates) -> Sequence[str]:
    """Return the channel aliases of the first route whose condition holds; empty if none does. Raises TemplateError."""
    for route in notification.routes:
        if route.when is None or templates.evaluate(route.when, context):
            return route.channels
    return ()
