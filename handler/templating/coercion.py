"""Reads a number or a time from a value, including the texts and numbers with which APIs write one.

| a value                                      | is                                                                  |
|----------------------------------------------|---------------------------------------------------------------------|
| datetime, date                               | itself; a datetime without a time zone is in UTC                    |
| a text in ISO 8601, as `2026-01-05T10:00Z`   | also with `/` in the date, week and ordinal dates, RFC 9557's zone  |
| a text as in an HTTP or mail header          | `Mon, 05 Jan 2026 10:00:00 GMT` and its older forms                 |
| a number of 9 to 11 digits                   | seconds since 1970 (1973-03-03 to 5138-11-16)                       |
| of 12 to 15, of 16 or 17, of 18 to 20 digits | milliseconds, microseconds, nanoseconds                             |
| a number that begins with 19 or 20           | of 8 digits YYYYMMDD, of 14 digits YYYYMMDDhhmmss                   |

The digits before the decimal point count. A number can be negative, have a fraction, and be written as a text. A number
with fewer digits is more likely a count, an id, or a 0 for "never" than a time near 1970.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, Final

_MAX_TEXT: Final = 250  # characters; the longest number that is read has 202
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,100}(\.[0-9]{1,100})?")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# For each unit of time, the largest number of digits, and how many units are a second.
_FEWEST_DIGITS: Final = 9
_UNITS: Final = {11: 1, 15: 10**3, 17: 10**6, 20: 10**9}
_CALENDAR: Final = re.compile(r"((?:19|20)[0-9]{6})([0-9]{6})?")

# Compiled when the first text is read (re caches them), because compiling them would slow down a cold start.
_ISO: Final = r"""(?xia)
        (?P<day> [0-9]{4}(?P<dash>[-/]?)[0-9]{2}(?P=dash)[0-9]{2}
               | [0-9]{4}-?W[0-9]{2}(?:-?[1-7])? | [0-9]{4}-?[0-9]{3} )
        (?: (?: T | _ | \s+ )
            (?P<hour>[0-9]{2}) (?: (?P<colon>:?) (?P<minute>[0-9]{2})
                               (?: (?P=colon) (?P<second>[0-9]{2}) (?: [.,](?P<fraction>[0-9]+) )? )? )?
            \s* (?: (?P<utc> Z | UTC | GMT ) | (?P<offset> [+-][0-9]{2} (?: :?[0-9]{2} )? ) (?: \s+[A-Z]{2,5} )? )?
            (?: \[ !? (?P<place> [A-Z0-9_+/-]+ ) \] )? (?: \[ !? [A-Z0-9_-]+ = [A-Z0-9-]+ \] )*
        )?"""
_ORDINAL: Final = re.compile("([0-9]{4})-?([0-9]{3})")
# RFC 5322 with its comment, and the three forms of RFC 9110, section 5.6.7.
_HEADER: Final = r"""(?xia)
        (?: [a-z]+,? \s+ )?
        (?: [0-9]{1,2} [ -] [a-z]{3} [ -] [0-9]{2,4} \s+ [0-9]{1,2}:[0-9]{2} (?: :[0-9]{2} )?
            (?: \s+ (?: [+-][0-9]{4} | GMT | UTC? | Z | [ECMP][SD]T ) )? (?: \s* \( [^()]* \) )?
          | [a-z]{3} \s+ [0-9]{1,2} \s+ [0-9]{2}:[0-9]{2}:[0-9]{2} \s+ [0-9]{4} )"""
_LEAP_SECOND: Final = re.compile(r"(:[0-9]{2}:)60\b")


def normalize(value: Any) -> str:
    """A text with ASCII digits and signs, and without spaces around it. Empty for other values, and if too long."""
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        return ""
    return unicodedata.normalize("NFKC", value).replace("\u2212", "-").strip()


def is_blank(value: Any) -> bool:
    """Whether a value is an empty text, or has only white space."""
    return isinstance(value, str) and not value.strip()


def as_number(value: Any) -> Decimal | None:
    """The number that a value is or that its text writes in plain digits, else None."""
    if isinstance(value, str):
        text = normalize(value)
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        return None
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return exact if exact.is_finite() else None


def as_time(value: Any) -> date | None:
    """The time that a value is or writes: an aware datetime, a date if it has no time of day, or None."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    exact = as_number(value)
    try:
        return _from_text(normalize(value)) if exact is None else _from_number(exact)
    except (ValueError, OverflowError):  # 30 February, or a year above 9999
        return None


def _from_number(number: Decimal) -> date | None:
    digits = number.adjusted() + 1
    if not len("YYYYMMDD") <= digits <= max(_UNITS):
        return None
    if calendar := _CALENDAR.fullmatch(f"{number:f}"):
        return _from_text(" ".join(filter(None, calendar.groups())))
    if digits < _FEWEST_DIGITS:
        return None
    unit = next(unit for most, unit in _UNITS.items() if digits <= most)
    return _EPOCH + timedelta(microseconds=int(number * 10**6 / unit))


def _from_text(text: str) -> date | None:
    if parts := re.fullmatch(_ISO, text):
        return _from_iso(parts)
    if re.fullmatch(_HEADER, text):
        from email.utils import parsedate_to_datetime

        known = parsedate_to_datetime(_LEAP_SECOND.sub(r"\g<1>59", text))
        return known if known.tzinfo else known.replace(tzinfo=UTC)
    return None


def _from_iso(parts: re.Match[str]) -> date | None:
    day = _day(parts["day"].replace("/", "-").upper())
    if parts["hour"] is None:
        return day
    zone = _zone(parts)
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    fraction = int((parts["fraction"] or "").ljust(6, "0")[:6])
    if hour == 24 and minute == second == fraction == 0:
        return datetime.combine(day, time.min, zone) + timedelta(days=1)
    if second == 60:  # a leap second, which datetime does not support
        second, fraction = 59, 999_999
    return datetime.combine(day, time(hour, minute, second, fraction, zone))


def _day(text: str) -> date:
    ordinal = _ORDINAL.fullmatch(text)
    if not ordinal:
        return date.fromisoformat(text)
    year, number = map(int, ordinal.groups())
    day = date(year, 1, 1) + timedelta(days=number - 1)
    if day.year != year:
        raise ValueError
    return day


def _zone(parts: re.Match[str]) -> tzinfo:
    """The offset, which also wins over a zone's name after it (RFC 9557); else the named zone; else UTC."""
    if parts["offset"]:
        sign = -1 if parts["offset"].startswith("-") else 1
        digits = parts["offset"][1:].replace(":", "").ljust(4, "0")
        return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
    if parts["place"] and not parts["utc"]:
        import zoneinfo

        try:
            return zoneinfo.ZoneInfo(parts["place"])
        except (zoneinfo.ZoneInfoNotFoundError, OSError):
            raise ValueError from None
    return UTC
