"""Times and durations as people write and read them: `7d`, `2 min 14 s`, local time of day."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from cli.language import later, say

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE: Final = re.compile(r"(\d{1,5})\s*([smhdw])")
_SPAN: Final = (
    (86_400, later("{count} d")),
    (3600, later("{count} h")),
    (60, later("{count} min")),
    (1, later("{count} s")),
)


class Moment(click.ParamType[float]):
    """The type of an option: a time ago (`90m`, `24h`, `7d`), or ISO 8601, in the local time zone by default.

    Converts to Unix seconds.
    """

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse what was typed."""
        if isinstance(value, int | float):
            return float(value)
        if age := _AGE.fullmatch(value.strip()):
            return time.time() - int(age[1]) * _UNITS[age[2]]
        try:
            return datetime.fromisoformat(value.strip()).astimezone().timestamp()
        except (ValueError, OverflowError):
            self.fail(say("write an age such as 90m, 24h or 7d, or a time such as 2026-01-05T10:00"), param, ctx)


class Share(click.ParamType[float]):
    """The type of an option: a share, `1%` or `0.01`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse what was typed."""
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(say("write a share such as 1% or 0.01"), param, ctx)
        return share


def read(text: str) -> float | None:
    """Return the Unix seconds of a program's ISO 8601 time, in UTC by default; None if it is not one."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def iso(at: float) -> str:
    """Return a time as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def clock(at: float) -> str:
    """Return the local time of day."""
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M:%S}"


def here(at: float) -> str:
    """Return the name of the time zone here, as it is at this time."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Z")


def there(at: float, zone: str) -> str:
    """Return day, time and zone in another zone; empty where the clocks there show the same as here."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    if local.utcoffset() == datetime.fromtimestamp(at).astimezone().utcoffset():
        return ""
    return f"{local.strftime(say('%d %b %H:%M:%S'))} {zone}"


def day(at: float) -> str:
    """Return the local date, time and zone."""
    return datetime.fromtimestamp(at).astimezone().strftime(say("%a %d %b %Y %H:%M:%S %Z"))


def short(at: float) -> str:
    """Return the local date and time, without the year."""
    return datetime.fromtimestamp(at).astimezone().strftime(say("%d %b %H:%M:%S"))


def span(seconds: float) -> str:
    """Return a duration in its two largest units: `0.4 s`, `2 min 14 s`, `1 d 3 h`."""
    seconds = abs(seconds)
    if seconds < 10:
        return say("{count} s", count=f"{seconds:.1f}")
    rest = round(seconds)
    parts: list[str] = []
    for size, unit in _SPAN:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(say(unit, count=count) if count else "")
    return " ".join(filter(None, parts[:2]))
