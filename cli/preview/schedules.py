"""Says in words when a poll reads its table."""

from __future__ import annotations

import re
from typing import Final

from cli.compiler.times import DAY, HOUR, MINUTE
from cli.language import later, plural, say
from cli.preview.catalogue import Polled

_UNITS: Final = (
    (DAY, later("every day"), later("every {count} days")),
    (HOUR, later("every hour"), later("every {count} hours")),
    (MINUTE, later("every minute"), later("every {count} minutes")),
    (1.0, later("every second"), later("every {count} seconds")),
)
_DAYS: Final = (
    later("Sunday"),
    later("Monday"),
    later("Tuesday"),
    later("Wednesday"),
    later("Thursday"),
    later("Friday"),
    later("Saturday"),
)
_NAMES: Final = {name: str(number) for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"))}
_STEP: Final = re.compile(r"\*/([0-9]+)")


def words(poll: Polled) -> str:
    """Return `every 5 minutes`, or `every day at 09:00 (Asia/Tokyo)`. Other cron expressions are returned unchanged."""
    if poll.every is not None:
        return _interval(poll.every)
    zone = f" ({poll.time_zone})" if poll.time_zone else ""
    return f"{_clock(poll.cron) or poll.cron}{zone}"


def _interval(seconds: float) -> str:
    size, one, many = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    return plural(one, many, round(seconds / size))


def _clock(cron: str) -> str:
    """Return a cron expression of a common form in words; empty for others."""
    minute, hour, date, month, weekday = cron.upper().split()
    if (date, month) != ("*", "*"):
        return ""
    if (hour, weekday) == ("*", "*"):
        step = int(found[1]) if (found := _STEP.fullmatch(minute)) else 0
        if step and 60 % step == 0:
            return _interval(step * MINUTE)
        return say("every hour at minute {minute}", minute=int(minute)) if minute.isdecimal() else ""
    hours, days = hour.split(","), _days(weekday)
    if not (days and minute.isdecimal() and all(one.isdecimal() for one in hours)):
        return ""
    return say("{days} at {times}", days=days, times=", ".join(f"{int(one):02}:{int(minute):02}" for one in hours))


def _days(weekday: str) -> str:
    numbers = re.sub("[A-Z]{3}", lambda name: _NAMES.get(name[0], name[0]), weekday)
    if numbers == "*":
        return say("every day")
    if numbers == "1-5":
        return say("Monday to Friday")
    days = numbers.split(",")
    return (
        ", ".join(say(_DAYS[int(day) % 7]) for day in days) if all(re.fullmatch("[0-7]", day) for day in days) else ""
    )
