"""Times of day in a zone, as people write them: `2026-11-01T00:00:00+09:00`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from cli.language import say

EXAMPLE: Final = "2026-11-01T00:00:00+09:00"
# Without a zone it would depend on where it is read.
PATTERN: Final = (
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def read(text: str) -> datetime | None:
    """Return a time from 1970 on; None if the text is none, or names no zone."""
    try:
        moment = datetime.fromisoformat(text) if re.fullmatch(PATTERN, text) else None
        return moment if moment and moment.timestamp() >= 0 else None
    except (ValueError, OverflowError):
        return None


def with_zone(text: str) -> str:
    """Return the time that somebody wrote, with zones to choose from; empty if it is none."""
    match = re.match(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?", text)
    time = f"{match[1]}T{match[2] or '00:00:00'}" if match else ""
    return say("{time}Z, or {time}+09:00 for the time in Japan", time=time) if read(f"{time}Z") else ""
