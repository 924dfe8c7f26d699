"""Filters for numbers. A text that is a plain number counts as one, also in full-width digits: APIs send such texts."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from handler.templating import coercion
from handler.templating.diagnosis import DiagnosedError, Diagnosis
from handler.templating.filters.currencies import decimals_of
from handler.templating.graphemes import display_width
from handler.templating.text import MAX_EXPONENT, show

MAX_DECIMALS: Final = 10

# Currencies that are written with a sign before the amount.
_SIGNS: Final = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "KRW": "₩"}
_CURRENCY: Final = re.compile("[A-Z]{3}")
_LONGEST_CODE: Final = 12  # characters, before full-width letters are normalized
# Enough digits for every number up to MAX_EXPONENT with its decimals; the default of 28 is less than MySQL's 65.
_EXACT: Final = Context(prec=2 * MAX_EXPONENT + MAX_DECIMALS)


def money(value: Any, currency: Any) -> str:
    """Write an amount with its currency, a three-letter code, and with as many decimals as the currency has.

    {{ 1234.5 | money('EUR') }} -> €1,234.50
    {{ 1234.5 | money('JPY') }} -> ¥1,235
    {{ '１２３４' | money('JPY') }} -> ¥1,234
    {{ -9 | money('CHF') }} -> -9.00 CHF
    {{ 1.235 | money('LYD') }} -> 1.235 LYD
    {{ 1.5 | money('XAU') }} -> 1.5 XAU
    """
    written = show(currency).strip()
    # Cut first: Python takes seconds for a long text of combining signs, and nothing can interrupt it.
    code = unicodedata.normalize("NFKC", written[:_LONGEST_CODE]).upper()
    if len(written) > _LONGEST_CODE or not _CURRENCY.fullmatch(code):
        raise DiagnosedError(Diagnosis("not_a_currency"))
    decimals = decimals_of(code)
    amount = _decimal(value) if decimals is None else rounded(value, decimals)
    sign = "-" if amount < 0 else ""
    digits = f"{amount.copy_abs():,f}"
    return f"{sign}{_SIGNS[code]}{digits}" if code in _SIGNS else f"{sign}{digits} {code}"


def number(value: Any, decimals: int | None = None, grouping: bool = True) -> str:
    """Write a number in groups of three digits; with `decimals`, that many behind the point.

    {{ 1234567.5 | number }} -> 1,234,567.5
    {{ 1234.5 | number(2) }} -> 1,234.50
    {{ 1234.5 | number(0, grouping=false) }} -> 1235
    """
    exact = _decimal(value) if decimals is None else rounded(value, decimals)
    return f"{exact:,f}" if grouping else f"{exact:f}"


def plural(value: Any, one: Any, many: Any = None) -> str:
    """A number with its word: `one` for 1, `many` for all others; without `many`, the word never changes.

    {{ 1 | plural('item', 'items') }} -> 1 item
    {{ 2000 | plural('item', 'items') }} -> 2,000 items
    {{ 3 | plural('件') }} -> 3件
    """
    word = show(one if many is None or _decimal(value) == 1 else many)
    blank = "" if word and display_width(word[0]) > 1 else " "  # no space before Chinese and Japanese words
    return f"{number(value)}{blank}{word}"


def rounded(value: Any, decimals: int = 0) -> Decimal:
    """Round a number half up, as people do, to at most 10 decimals.

    {{ 2.5 | round }} -> 3
    {{ 1234.56 | round(1) }} -> 1234.6
    """
    if not isinstance(decimals, int) or isinstance(decimals, bool) or not 0 <= decimals <= MAX_DECIMALS:
        raise DiagnosedError(Diagnosis("decimals_invalid", limit=MAX_DECIMALS))
    return _unsigned_zero(_decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT))


def absolute(value: Any) -> Decimal:
    """The number without its sign.

    {{ -3 | abs }} -> 3
    """
    return _decimal(value).copy_abs()


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal) and not value.is_finite():
        raise DiagnosedError(Diagnosis("not_finite"))
    exact = coercion.as_number(value)
    if exact is None:
        raise DiagnosedError(Diagnosis("not_a_number"))
    if abs(exact.adjusted()) > MAX_EXPONENT:
        raise DiagnosedError(Diagnosis("too_many_digits", limit=MAX_EXPONENT))
    return _unsigned_zero(exact)


def _unsigned_zero(number: Decimal) -> Decimal:
    return number or number.copy_abs()
