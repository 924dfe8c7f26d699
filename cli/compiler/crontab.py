"""Checks cron expressions in crontab's format, and suggests what to write for those of other programs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final

from cli.compiler import cron_fields, locales
from cli.compiler.cron_fields import FIELDS
from cli.compiler.times import DAY, MINUTE, WEEK, is_cron, meant
from cli.compiler.times import written as time
from cli.language import plural, say

USUAL: Final = "0 9 * * 1-5"

# Names such as @daily (with or without @) -> the five fields.
_NAMED: Final = {
    "minutely": "* * * * *",
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "nightly": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
    "毎分": "* * * * *",
    "毎時": "0 * * * *",
    "毎日": "0 0 * * *",
    "毎週": "0 0 * * 0",
    "毎月": "0 0 1 * *",
}
_WRAPPED: Final = re.compile(r"cron\s*\((.*)\)?", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:.*\s)?([01]?[0-9]|2[0-4])[:時]([0-5][0-9])?分?(?:\s.*)?")
_ZONED: Final = re.compile(
    r"(?:CRON_)?TZ=(?P<zone>\S+) (?P<after>.+)|(?P<before>(?:\S+ ){4}\S+) (?P<last>UTC|JST|GMT|[A-Za-z]+/[A-Za-z_/]+)"
)
# The form of a field: `*/5`, `9-17`, `MON-FRI`, `1-DEC`, `5L`, `15W`, `5#2`.
_VALUE: Final = r"(?:[0-9*?#~LWH日月火水木金土]*|[A-Z]{2,9}[0-9L#]*)"
_FIELD: Final = re.compile(rf"{_VALUE}(?:[,/-]{_VALUE})*")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−ー", "-"))


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a poll does not accept this expression, and the expressions that were probably meant."""

    why: str
    instead: tuple[str, ...] = ()


def is_meant(text: str) -> bool:
    """Return whether a text looks like a cron expression, valid or not."""
    plain = _plain(text)
    parts = plain.upper().split()
    fields = len(parts) > 2 and all(map(_FIELD.fullmatch, parts)) and ("*" in plain or "?" in plain or len(parts) > 4)
    return bool(
        fields
        or plain.startswith(("*", "@", "H ", "H/"))
        or plain.lower() in _NAMED
        or _WRAPPED.fullmatch(plain)
        or _CLOCK.fullmatch(plain)
        or _ZONED.fullmatch(plain)
    )


def wrong(text: str) -> Wrong | None:
    """Return what is wrong with an expression; None if a poll accepts it."""
    plain = _plain(text)
    found = _other(plain) or _fields(plain.upper().split())
    if found is None and " ".join(text.split()) != plain:
        return Wrong(say("some of its signs are full-width, or long dashes"), (plain,))
    if found is None:
        return _pauses(plain)
    return Wrong(found.why, tuple(_possible(found.instead)))


def instead(text: str) -> str:
    """Return what to write for `every` in place of a cron expression, valid or not."""
    found = wrong(text)
    lines = [f'every: "{one}"' for one in (found.instead if found else (written(text),))]
    plain = _plain(text)
    is_rate = found and (is_cron(plain) or plain.startswith("@") or plain.lower() in _NAMED)
    if is_rate and (seconds := meant(plain)) and MINUTE <= seconds <= WEEK:
        lines.append(f"every: {time(seconds)}")
    return say(", or ").join(lines or [f'every: "{USUAL}"'])


def written(text: str) -> str:
    """Return a valid expression with one space between its fields."""
    return " ".join(text.split())


@cache
def longest(expression: str) -> float | None:
    """Return the longest time in seconds between two runs of a valid expression, without daylight saving time.

    Returns None if that is more than two weeks, or if the expression never matches.
    """
    minute, hour, *days = expression.split()
    times = _on(f"{minute} {hour} * * *", days=1)
    pause = max((later - earlier for earlier, later in pairwise(times)), default=0.0)
    # Dates repeat after 28 years, days of the week after 7 days.
    dates = _on(f"0 0 {' '.join(days)}", days=15 if days[:2] == ["*", "*"] else 28 * 366)
    between = max((later - earlier for earlier, later in pairwise([0.0, *dates])), default=0.0)
    if len(dates) < 2 or between > 2 * WEEK:
        return None
    return max(pause, between + times[0] - times[-1])


def _on(expression: str, days: int) -> list[float]:
    """Return when an expression matches in this many days, in seconds from the start. Stops at a gap of two weeks."""
    from cronsim import CronSim, CronSimError

    began = datetime(2000, 1, 1, tzinfo=UTC)
    found: list[float] = []
    try:
        for moment in CronSim(expression, began - timedelta(seconds=1)):
            found.append((moment - began).total_seconds())
            if found[-1] >= days * DAY:
                return found[:-1]
            if found[-1] - ([0.0, *found][-2]) > 2 * WEEK:
                break
    except CronSimError:
        return []
    return found


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).translate(_DASHES).split())


def _possible(expressions: tuple[str, ...]) -> Iterator[str]:
    """Yield expressions that a poll accepts. One that runs less often than once a week becomes weekly."""
    for one in expressions:
        if not _fields(one.split()):
            pauses = _pauses(one)
            yield pauses.instead[0] if pauses else one


def _pauses(expression: str) -> Wrong | None:
    pause = longest(expression.upper())
    if pause is not None and pause <= WEEK:
        return None
    minute, hour, _, _, weekday = expression.split()
    weekly = f"{minute} {hour} * * {weekday if weekday != '*' else '1'}"
    return Wrong(say("a poll runs at least once in 7 days, and this may not"), (weekly,))


def _other(text: str) -> Wrong | None:
    """Say what is wrong with a text other than fields: a name, a time of day, EventBridge's format, or a time zone."""
    name = text.lower().removeprefix("@")
    if name in _NAMED:
        return Wrong(say("`{text}` is a name, and crontab's five fields say the same", text=text), (_NAMED[name],))
    if text.startswith("@"):
        return Wrong(say("`{text}` is no time of a poll", text=text))
    if clock := _CLOCK.fullmatch(text):
        return Wrong(say("`{text}` is a time of day", text=text), (f"{int(clock[2] or 0)} {int(clock[1]) % 24} * * *",))
    if wrapped := _WRAPPED.fullmatch(text):
        fields = wrapped[1].rstrip(")").upper().split()
        right = _right(_days_from_0(fields[:5]) if len(fields) == 6 else fields)
        return Wrong(say("`cron(...)` is the form of EventBridge"), right)
    if zoned := _ZONED.fullmatch(text):
        fields = zoned["before"] or zoned["after"]
        zone = zoned["zone"] or zoned["last"]
        why = say("a time zone has a key of its own, {entry}", entry=f"time_zone: {locales.zone_meant(zone) or zone}")
        return Wrong(why, (fields,))
    return None


def _fields(fields: list[str]) -> Wrong | None:
    """Say what is wrong with the fields of an expression."""
    if len(fields) != len(FIELDS):
        return Wrong(plural("this has {count} field", "this has {count} fields", len(fields)), _counted(fields))
    read = cron_fields.read(fields)
    return Wrong(read.why, (read.right,)) if read.why else None


def _counted(fields: list[str]) -> tuple[str, ...]:
    """Suggest what fewer or more than five fields probably mean."""
    if len(fields) < len(FIELDS):
        return _right([*fields, *"****"][:5])
    if len(fields) == 7:  # seconds first and a year last, as in Quartz
        return _right(_days_from_0(fields[1:6]))
    if len(fields) > 7:
        return ()
    if "?" in (fields[2], fields[4]):  # a year last, as in EventBridge
        return _right(_days_from_0(fields[:5]))
    if "?" in fields:
        return _right(_days_from_0(fields[1:]))
    with_seconds = _right(fields[1:])
    return (*_right(fields[:5]), *with_seconds) if fields[5] == "*" and fields[0].isdecimal() else with_seconds


def _right(fields: list[str]) -> tuple[str, ...]:
    return (cron_fields.read(fields).right,) if len(fields) == len(FIELDS) else ()


def _days_from_0(fields: list[str]) -> list[str]:
    """Return the fields with Sunday as 0. EventBridge and Quartz count from Sunday as 1."""
    return [*fields[:4], re.sub("(?<![#/0-9])[1-7](?![0-9])", lambda day: str(int(day[0]) - 1), fields[4])]
