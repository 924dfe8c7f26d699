"""Reads durations as people write them: `5 min`, `hourly` and `*/5 * * * *` all mean something."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
WEEK: Final = 7 * DAY

SECONDS: Final = {"d": DAY, "h": HOUR, "m": MINUTE, "s": 1.0}  # the largest first, so that `written` uses it
# `5 min`, `1h30m`, `１０秒`, `500ms`.
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+|秒|分|時間|日)?")
_WORDS: Final = {"ms": 0.001, "mil": 0.001, "mo": 30 * DAY, "h": HOUR, "m": MINUTE, "s": 1.0, "d": DAY, "w": WEEK,
                 "秒": 1.0, "分": MINUTE, "時": HOUR, "日": DAY}  # fmt: skip
# `hourly`, `@daily`, `every week`, `毎時`.
_RATE: Final = re.compile(r"second|minute|hour|dai|day|night|week|month|毎分|毎時|毎日|毎週")
_RATES: Final = {"second": 1.0, "minute": MINUTE, "hour": HOUR, "dai": DAY, "day": DAY, "night": DAY, "week": WEEK,
                 "month": 30 * DAY, "毎分": MINUTE, "毎時": HOUR, "毎日": DAY, "毎週": WEEK}  # fmt: skip
_CRON: Final = re.compile(r"cron\((.*)\)|((?:[0-9*?]\S*\s+){2}\S+\s+\S+\s+\S+(?:\s+\S+)?)", re.IGNORECASE)
_EACH: Final = re.compile(r"(?:\*|[0-9]+(?:-[0-9]+)?)/([0-9]+)")


def written(seconds: float) -> str:
    """Return a duration as templates write it: `90s`, `5m`, `2h`."""
    whole = round(seconds)
    unit = next(unit for unit, size in SECONDS.items() if whole % size == 0)
    return f"{whole // round(SECONDS[unit])}{unit}"


def is_cron(text: str) -> bool:
    """Return whether a text looks like a cron expression, of cron or EventBridge."""
    return _CRON.fullmatch(text.strip()) is not None


def meant(text: str) -> float | None:
    """Return the seconds that a text probably means; None if that is unclear."""
    text = unicodedata.normalize("NFKC", text).strip().lower()
    if cron := _CRON.fullmatch(text):
        return _between_runs((cron[1] or cron[2] or "").split(), aws=cron[1] is not None)
    if parts := _PART.findall(text):
        return sum(float(number) * _unit(word) for number, word in parts)
    rate = _RATE.search(text)
    return _RATES[rate[0]] if rate else None


def _unit(word: str) -> float:
    return next((seconds for start, seconds in _WORDS.items() if word.startswith(start)), 1.0)


def _between_runs(fields: list[str], *, aws: bool) -> float | None:
    """Return the seconds between two runs of a cron expression, if they are always the same."""
    if len(fields) != (6 if aws else 5):
        return None
    minute, hour, *days = fields[:5]
    if any(day not in ("*", "?") for day in days):
        return WEEK if days[:2] in (["*", "*"], ["?", "*"]) and days[2].isalnum() else None
    if hour == "*":
        return MINUTE if minute == "*" else _each(minute, MINUTE) or (HOUR if minute.isdecimal() else None)
    if minute.isdecimal():
        return _each(hour, HOUR) or (DAY if hour.isdecimal() else None)
    return None


def _each(field: str, unit: float) -> float | None:
    step = _EACH.fullmatch(field)
    return max(int(step[1][:6]), 1) * unit if step else None
