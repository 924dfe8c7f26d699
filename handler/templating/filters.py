"""The filters and tests that templates may use. A filter that is not listed here does not exist."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from jinja2 import Undefined
from jinja2.filters import FILTERS as JINJA_FILTERS

from handler.errors import TemplateError

# ISO 4217: currencies without the usual two decimals, and the signs that people expect to see.
_DECIMALS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SIGNS: Final = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "KRW": "₩"}


def default(value: Any, instead: Any = "") -> Any:
    """`instead` where the value is missing or empty (None)."""
    return instead if value is None or isinstance(value, Undefined) else value


def money(value: Any, currency: str) -> str:
    """Write an amount with its currency: 1234.5 is €1,234.50 in EUR and ¥1,235 in JPY."""
    code = str(currency).upper()
    amount = rounded(value, _DECIMALS.get(code, 2))
    sign = "-" if amount < 0 else ""
    digits = f"{abs(amount):,f}"
    return f"{sign}{_SIGNS[code]}{digits}" if code in _SIGNS else f"{sign}{digits} {code}"


def rounded(value: Any, decimals: int = 0) -> Decimal:
    """Round a number half up, as people do, to at most 10 decimals."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        raise TemplateError("TEMPLATE_FAILED", "a number is needed here; guard an empty one with default(0)")
    if not 0 <= decimals <= 10:
        raise TemplateError("TEMPLATE_LIMIT", "a number can be rounded to 0 to 10 decimals")
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "default": default,
    "money": money,
    "round": rounded,
    **{
        name: JINJA_FILTERS[name]
        for name in ("abs", "first", "join", "last", "length", "lower", "title", "trim", "upper")
    },
}
TESTS: Final = ("defined", "undefined", "none", "number", "string", "even", "odd", "in")
