"""What to do about a parked event: its code's remedy, and whether sending the same event again can help."""

from __future__ import annotations

from typing import Final

from cli.language import say
from handler.errors import CODES

# The mistake is in the event itself, and a replay sends that event again.
OF_THE_EVENT: Final = frozenset(
    {
        "BATCH_MALFORMED",
        "EVENT_ENVELOPE",
        "EVENT_NOT_JSON",
        "EVENT_NOT_OBJECT",
        "EVENT_DUPLICATE_KEY",
        "EVENT_ENCODING",
        "EVENT_TOO_LARGE",
        "EVENT_FIELD_MISSING",
        "EVENT_FIELD_INVALID",
        "EVENT_TYPE_INVALID",
        "EVENT_IDENTITY_REUSED",
        "EVENT_STALE",
    }
)
# The event does not fit its template, and either of them can be wrong.
OF_EITHER: Final = frozenset({"EVENT_ID_INVALID", "EVENT_VERSION"})


def remedy(code: str) -> str:
    """Return what to do first, for a code of CODES."""
    first = say(CODES[code].remedy)
    if code not in OF_THE_EVENT:
        return first
    return say("{remedy} (a replay does not help: it sends the same event again)", remedy=first)
