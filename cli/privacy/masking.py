"""Masks the personal values of a sample, and keeps the others."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, count
from typing import Any, Final

from cli.privacy import forms, words
from cli.privacy.decision import Decision, decide, says_nothing
from cli.privacy.rules import TEXT, Path, Rules, plain
from cli.privacy.usage import Usage
from handler.model import Row, Value

_FIRST_DAY: Final = date(2001, 1, 1)
_DAYS: Final = 28
# A key as programs write them, in small letters and with few digits, or as short as a currency's.
_KEY: Final = re.compile(r"(?!(?:.*[0-9]){4})[a-z][a-z0-9]*(?:[_-][a-z0-9]+|[A-Z][a-z0-9]*)*|[A-Z]{2,3}")
_CODES: Final = ("id", "number", "date")  # in texts of these kinds, every single word is masked as a code


@dataclass(slots=True)
class Masking:
    """Masks the values of one sample. The same value always gets the same mask, in any column.

    `columns` has the decisions for each path, in the order of the sample.
    """

    rules: Rules
    said: Usage
    columns: dict[Path, dict[Decision, None]] = field(default_factory=dict)
    _numbers: dict[str, dict[str, int]] = field(default_factory=dict)
    _made: dict[str, Value] = field(default_factory=dict)

    def document(self, path: Path, value: Value) -> Value:
        """Return a value, a row, a list of rows or a document with masks. `path` starts with the lookup's name."""
        match value:
            case dict():
                made: dict[str, Value] = {}
                for key, one in value.items():
                    is_name = isinstance(value, Row) and value.named
                    shown = key if is_name else self._key(path, key, made)
                    made[shown] = self.document((*path, shown), one)
                return made
            case list():
                return [self.document(path, one) for one in value]
        decision = decide(path, value, self.rules, self.said)
        self.columns.setdefault(path, {}).setdefault(decision)
        return self.mask(decision.kind, value) if decision.masks else value

    def mask(self, kind: str, value: Value) -> Value:
        """Return the mask of a value of one of rules.KINDS, except `keep`."""
        known = f"{type(value).__name__} {value}"
        if known not in self._made:
            self._made[known] = self._mask(kind, value)
        return self._made[known]

    def _mask(self, kind: str, value: Value) -> Value:
        match value:
            case bool():
                return False
            case int():
                return int(self._whole(str(value)))
            case Decimal():
                return Decimal(forms.code(f"{value:f}", self._number("code", str(value))))
            case datetime():
                return datetime.combine(self._day(value), datetime.min.time(), UTC)
            case date():
                return self._day(value)
            case str():
                return self._text(kind, value)
        return None

    def _whole(self, digits: str) -> str:
        """A whole number, which is a day if its digits may be one."""
        form = "digits of a day"
        if forms.FORMS[form].fits(digits):
            return forms.FORMS[form].make(digits, self._number(form, digits))
        return forms.code(digits, self._number("code", digits))

    def _day(self, value: date) -> date:
        return _FIRST_DAY + timedelta(self._number("day", str(value)) % _DAYS)

    def _text(self, kind: str, text: str) -> str:
        if says_nothing(text):
            return text
        form = forms.form_of(text) or (kind if kind == "email" or (kind == "phone" and forms.is_number(text)) else "")
        if form == "phone" and kind not in ("phone", TEXT):
            form = ""
        if form:
            return forms.FORMS[form].make(text, self._number(form, text))
        is_one_word = not any(sign.isspace() for sign in text)
        if (kind in _CODES and is_one_word) or (kind != "name" and (forms.is_code(text) or forms.is_number(text))):
            return forms.code(text, self._number("code", text))
        if kind == "name":
            return words.name(text, self._number("name", text))
        return words.text(text, self._number("text", text), kind)

    def _number(self, form: str, text: str) -> int:
        """Return the number of a value among the different values of its form, from 1."""
        alike = self._numbers.setdefault(form, {})
        return alike.setdefault(text, len(alike) + 1)

    def _key(self, path: Path, key: str, taken: Collection[str]) -> str:
        """A key of a document, if it is known as one, or written as one. Else it is a value: `{"Ines": 3}`."""
        is_key = any(entry.fits((*path, key)) for entry in self.rules.entries) or _KEY.fullmatch(key)
        if plain(key) in self.said.names or (is_key and not forms.form_of(key)):
            return key
        made = str(self.mask("name", key))
        return next(one for one in chain([made], (f"{made} {n}" for n in count(2))) if one not in taken)


def is_made(value: Any) -> bool:
    """Return whether a value in a sample may be a mask, as opposed to a real value."""
    match value:
        case bool() | None:
            return True
        case int() | Decimal():
            return forms.is_made(f"{value:f}" if isinstance(value, Decimal) else str(value))
        case date():
            return value.year == _FIRST_DAY.year and value.month == 1 and value.day <= _DAYS
        case str():
            return says_nothing(value) or forms.is_made(value) or words.is_made(value)
    return False
