"""The filters and tests that templates may use. A filter that is not listed here does not exist."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from jinja2 import Undefined, pass_eval_context
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.filters import do_join
from jinja2.nodes import EvalContext

from handler.errors import TemplateError

# ISO 4217: currencies without the usual two decimals, and the signs that people expect to see.
_DECIMALS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_SIGNS: Final = {"JPY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "KRW": "₩"}


# That a loop may pass. Slack takes 50 blocks and a lookup 100 rows; two loops in one another must not take seconds.
MAX_ELEMENTS: Final = 200


def each(elements: Any) -> Any:
    """Return what a loop passes through: a list of MAX_ELEMENTS at most, and never the letters of a text."""
    if isinstance(elements, Undefined):
        return iter(elements)  # raises its own message
    if not isinstance(elements, list | tuple | range):
        kind = "an empty value" if elements is None else f"a {type(elements).__name__}"
        raise TemplateError("TEMPLATE_FAILED", f"{kind} is not a list")
    if len(elements) > MAX_ELEMENTS:
        raise TemplateError(
            "TEMPLATE_LIMIT", f"more than {MAX_ELEMENTS} elements; take the first: rows[:{MAX_ELEMENTS}]"
        )
    return elements


@pass_eval_context
def join(context: EvalContext, elements: Any, separator: str = "", attribute: str | None = None) -> str:
    """The elements of a list as one text; with `attribute`, that column of each."""
    return str(do_join(context, each(elements), separator, attribute))


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
    "join": join,
    "money": money,
    "round": rounded,
    **{name: JINJA_FILTERS[name] for name in ("abs", "first", "last", "length", "lower", "title", "trim", "upper")},
}
TESTS: Final = ("defined", "undefined", "none", "number", "string", "even", "odd", "in")
