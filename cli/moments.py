"""Reads times with a time zone, as people write them: `2026-11-01T00:00:00+09:00`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from cli.language import say

EXAMPLE: Final = "2026-11-01T00:00:00+09:00"
# Without a zone, a time would depend on where it is read.
PATTERN: Final = (
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def read(text: str) -> datetime | None:
    """Return a time since 1970; None if the text is not a time, or has no zone."""
    try:
        moment = datetime.fromisoformat(text) if re.fullmatch(PATTERN, text) else None
        return moment if moment and moment.timestamp() >= 0 else None
    except (ValueError, OverflowError):
        return None


def with_zone(text: str) -> str:
    """Return a time that lacks a zone, as a text with two zones to choose from; empty if it is not a time."""
    match = re.match(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?", text)
    time = f"{match[1]}T{match[2] or '00:00:00'}" if match else ""
    return say("{time}Z, or {time}+09:00 for the time in Japan", time=time) if read(f"{time}Z") else ""
