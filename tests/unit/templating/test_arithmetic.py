"""Sums and products of decimals are exact, and a number is counted the same whether it is whole or a DECIMAL."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import TemplateError
from handler.templating.arithmetic import binary, unary

from .examples import rendered

# As many digits as MySQL's DECIMAL has: https://dev.mysql.com/doc/refman/8.4/en/fixed-point-types.html
LONG = Decimal("12345678901234567890123456789012345678901234567890123.123456789012")
NUMBERS = st.decimals(min_value=-(10**40), max_value=10**40, places=8) | st.integers(-(10**20), 10**20)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ x }}", f"{LONG}"),
        ("{{ -x }}", f"-{LONG}"),
        ("{{ +x }}", f"{LONG}"),
        ("{{ -(-x) }}", f"{LONG}"),
        ("{{ x + 0 }}", f"{LONG}"),
        ("{{ x - 0 }}", f"{LONG}"),
        ("{{ x * 1 }}", f"{LONG}"),
        ("{{ x * 2 }}", "24691357802469135780246913578024691357802469135780246.246913578024"),
        ("{{ x // 1 }}", "12345678901234567890123456789012345678901234567890123"),
        ("{{ x % 1 }}", "0.123456789012"),
        ("{{ -0.0 }}", "0.0"),
    ],
)
def test_no_digit_of_a_long_number_is_lost(source: str, shown: str) -> None:
    assert rendered(source, x=LONG) == shown


@pytest.mark.parametrize("left", [7, -7, Decimal(7), Decimal(-7)])
@pytest.mark.parametrize("right", [2, -2, Decimal(2), Decimal(-2), 3, -3])
def test_a_quotient_and_its_rest_are_the_same_for_whole_numbers_and_decimals(
    left: int | Decimal, right: int | Decimal
) -> None:
    assert (binary("//", left, right), binary("%", left, right)) == divmod(int(left), int(right))


@given(left=NUMBERS, right=NUMBERS)
def test_sums_products_and_rests_are_exact(left: int | Decimal, right: int | Decimal) -> None:
    exact = Fraction(left), Fraction(right)
    assert Fraction(binary("+", left, right)) == exact[0] + exact[1]
    assert Fraction(binary("-", left, right)) == exact[0] - exact[1]
    assert Fraction(binary("*", left, right)) == exact[0] * exact[1]
    if right:
        assert Fraction(binary("//", left, right)) == exact[0] // exact[1]
        assert Fraction(binary("%", left, right)) == exact[0] % exact[1]
    assert Fraction(unary("-", left)) == -exact[0]


@pytest.mark.parametrize("source", ["{{ x / 0 }}", "{{ x // 0 }}", "{{ x % 0 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}"])
def test_a_division_by_zero_has_a_code(source: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_FAILED"):
        rendered(source, x=Decimal("1.5"))


@pytest.mark.parametrize("source", ["{{ -x }}", "{{ +x }}", "{{ x - 1 }}"])
@pytest.mark.parametrize("value", ["text", None, [1]])
def test_what_is_no_number_has_a_code(source: str, value: object) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_FAILED"):
        rendered(source, x=value)


@pytest.mark.parametrize("source", ["{{ 0x" + "f" * 5000 + " }}", "{{ 1" + "0" * 101 + " }}"])
def test_a_whole_number_that_is_too_long_has_a_code(source: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT"):
        rendered(source)


def test_trim_takes_a_hundred_signs() -> None:
    assert rendered("{{ x | trim(signs) }}", x="--a--", signs="-" * 100) == "a"
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT"):
        rendered("{{ x | trim(signs) }}", x="a", signs="-=" * 51)
