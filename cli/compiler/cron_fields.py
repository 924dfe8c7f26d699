"""Checks the five fields of a cron expression, and suggests the fields that were probably meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from cli.language import later, say

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Full names -> the three-letter names.
_LONG: Final = {
    "SUNDAY": "SUN", "MONDAY": "MON", "TUESDAY": "TUE", "TUES": "TUE", "WEDNESDAY": "WED", "THURSDAY": "THU",
    "THURS": "THU", "THUR": "THU", "FRIDAY": "FRI", "SATURDAY": "SAT", "JANUARY": "JAN", "FEBRUARY": "FEB",
    "MARCH": "MAR", "APRIL": "APR", "JUNE": "JUN", "JULY": "JUL", "AUGUST": "AUG", "SEPTEMBER": "SEP", "SEPT": "SEP",
    "OCTOBER": "OCT", "NOVEMBER": "NOV", "DECEMBER": "DEC", **dict(zip("日月火水木金土", _DAYS, strict=True)),
}  # fmt: skip
# What other programs allow in place of a value, such as `?` or `5L`, with the value before it.
_FOREIGN: Final = re.compile(r"(.*?)(?:\?|H|L|LW|W|L-[0-9]+|#[0-9L]*)(?:/[0-9]+)?")


class Field(NamedTuple):
    """One of the five fields. A range ends at `end`: Sunday is both 0 and 7, and must not count twice."""

    name: str
    least: int
    most: int
    end: int
    words: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """Return the number that a value stands for, which may be out of range; None if it is not a value."""
        if text in self.words:
            return self.words.index(text) + self.least
        return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


FIELDS: Final = (
    Field(later("minute"), 0, 59, 59),
    Field(later("hour"), 0, 23, 23),
    Field(later("day of the month"), 1, 31, 31),
    Field(later("month"), 1, 12, 12, _MONTHS),
    Field(later("day of the week"), 0, 7, 6, _DAYS),
)


class Read(NamedTuple):
    """What is wrong (empty if nothing is), and the corrected text."""

    why: str
    right: str


def read(fields: Sequence[str]) -> Read:
    """Check five fields, which are in capital letters."""
    found = [_field(text, field) for text, field in zip(fields, FIELDS, strict=True)]
    return Read(next((one.why for one in found if one.why), ""), " ".join(one.right for one in found))


def _field(text: str, field: Field) -> Read:
    found = [_item(one, field) for one in text.split(",")]
    why = next((one.why for one in found if one.why), "")
    if not why:
        return Read("", text)
    right = [one.right for one in found if one.right]
    return Read(why, "*" if "*" in right or not right else ",".join(dict.fromkeys(right)))


def _item(text: str, field: Field) -> Read:
    """Check one of the comma-separated parts of a field."""
    if not text:
        return Read(say("a comma separates two values, and one is missing"), "")
    if field.number(text) is None and (foreign := _FOREIGN.fullmatch(text)):
        head = foreign[1] if field.words == _DAYS and field.number(foreign[1]) is not None else "*"
        return Read(say("crontab has no `?`, `H`, `L`, `W` or `#`"), head)
    span, slash, step = text.partition("/")
    if span != "*":
        values = span.split("-")
        is_range = len(values) <= 2 and all(values)
        found = [_value(one, field) for one in values] if is_range else [Read(_not(text, field), "")]
        if why := next((one.why for one in found if one.why), ""):
            right = "-".join(one.right for one in found)
            return Read(why, f"{right}{slash}{step}" if all(one.right for one in found) else "*")
        low, high = field.number(values[0]) or 0, field.number(values[-1]) or 0
        if low > high:
            return Read(
                say("in a range of the {field} the first value is the lower one", field=say(field.name)),
                _wrapped(low, high, step, field),
            )
    return _step(text, span, step, field) if slash else Read("", text)


def _value(text: str, field: Field) -> Read:
    number = field.number(text)
    if number is None:
        short = _LONG.get(text, "")
        known = short in field.words
        if not known:
            return Read(_not(text, field), "")
        return Read(say("`{text}` is written with three letters", text=text), short)
    if field.least <= number <= field.most:
        return Read("", text)
    # One past the end means the start (hour 24 is hour 0), and one before the start means the start, too.
    right = field.least if number in (field.least - 1, field.most + 1) else field.most
    return Read(_not(text, field), str(right))


def _not(text: str, field: Field) -> str:
    possible = say("{first} to {last}", first=field.least, last=field.most)
    if field.words:
        possible += say(", or {names}", names=say("{first} to {last}", first=field.words[0], last=field.words[-1]))
    return say("`{text}` is no {field}: {possible}", text=text, field=say(field.name), possible=possible)


def _step(text: str, span: str, step: str, field: Field) -> Read:
    most = field.end - field.least
    if not re.fullmatch("[0-9]+", step) or not 0 < int(step[:9]) <= most:
        right = span if not step.strip("0") or span != "*" else str(field.least)
        return Read(say("a step of the {field} is a number from 1 to {most}", field=say(field.name), most=most), right)
    if span == "*" or "-" in span:
        return Read("", text)
    start = field.number(span) or 0
    whole = "*" if start == field.least else f"{start}-{field.end}"
    return Read(say("crontab has a step after `*` or a range alone"), f"{whole}/{step}")


def _wrapped(low: int, high: int, step: str, field: Field) -> str:
    """Return the values of a range that runs past the end of a field and continues at its start."""
    if step.strip("0"):
        numbers = [*range(low, field.end + 1), *range(field.least, high + 1)]
        return ",".join(map(str, sorted(numbers[:: int(step[:9])]))) if step.isdecimal() else "*"
    ends = [(field.least, high), (low, field.end)]
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ends if first <= last)
