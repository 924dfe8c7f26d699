"""Arithmetic of templates: exact decimals, and a limit on the digits of a result, which is checked first."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any, Final

from handler.templating.diagnosis import DiagnosedError, Diagnosis

MAX_DIGITS: Final = 100  # the most digits of a result of `*` or `**`
# Sums and products are exact: MySQL's DECIMAL has 65 digits, and Python's default context would round to 28. Quotients
# and powers, which can have infinitely many digits, are rounded to those 28.
_EXACT: Final = Context(prec=4 * MAX_DIGITS)

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
}  # fmt: skip


def binary(sign: str, left: Any, right: Any) -> Any:
    """Apply an operator of Python to two values. Raises TemplateError (TEMPLATE_LIMIT), and what Python raises."""
    if not _is_number(left) or not _is_number(right):
        return decimal(_OPERATORS[sign](left, right))
    if sign in ("*", "**") and _digits(sign, left, right) > MAX_DIGITS:
        raise DiagnosedError(Diagnosis("result_too_long", sign, limit=MAX_DIGITS))
    if isinstance(left, int) and isinstance(right, int):
        return decimal(_OPERATORS[sign](left, right))
    of_decimals: Callable[[Any, Any], Any] = _DECIMAL_OPERATORS.get(sign, _OPERATORS[sign])
    return of_decimals(Decimal(left), Decimal(right))


def unary(sign: str, value: Any) -> Any:
    """Apply the sign `+` or `-`. Raises what Python raises."""
    value = decimal(value)
    if isinstance(value, Decimal):
        return value.copy_negate() if sign == "-" and value else value
    return -value if sign == "-" else +value


def decimal(value: Any) -> Any:
    """Return a float as a Decimal. Floats come only from literals and divisions; rows hold Decimals."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal)


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    """Round down, as for whole numbers: Python's own `//` of Decimals rounds towards 0."""
    return _EXACT.divide(_EXACT.subtract(left, _remainder(left, right)), right).to_integral_value()


def _remainder(left: Decimal, right: Decimal) -> Decimal:
    """The remainder has the sign of the divisor, as for whole numbers."""
    rest = _EXACT.remainder(left, right)
    return _EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


_DECIMAL_OPERATORS: Final[Mapping[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": _EXACT.add, "-": _EXACT.subtract, "*": _EXACT.multiply, "//": _quotient, "%": _remainder,
}  # fmt: skip


def _digits(sign: str, left: Any, right: Any) -> float:
    if sign == "**":
        return _magnitude(left) * abs(float(right))
    return _magnitude(left) + _magnitude(right)


def _magnitude(number: int | Decimal) -> int:
    """An upper bound of the digits of a number before and after its decimal point."""
    return number.bit_length() // 3 + 1 if isinstance(number, int) else abs(number.adjusted()) + 1
