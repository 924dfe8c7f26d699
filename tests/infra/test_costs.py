"""The sums of the guides: each is worked out again, and what a table adds up is the sum of its rows."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.infra.stack import ROOT

PAGES = ("docs/network.md", "docs/decisions/0011-network.md", "docs/deploy.md", "docs/ja/deploy.md", "docs/alarms.md")
_TERM = r"[0-9.,]+"
_SUM = re.compile(rf"({_TERM}(?: [×−/+] {_TERM})+) = ([0-9.]*[0-9])")


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def worked_out(terms: str) -> Decimal:
    """Products and quotients before sums and differences, from left to right."""
    first, *rest = re.split(r" ([+−]) ", terms)
    total = product(first)
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        total += product(term) if sign == "+" else -product(term)
    return total


def product(terms: str) -> Decimal:
    first, *rest = re.split(r" ([×/]) ", terms)
    value = number(first)
    for sign, factor in zip(rest[::2], rest[1::2], strict=True):
        value = value * number(factor) if sign == "×" else value / number(factor)
    return value


def rounded(value: Decimal, like: str) -> Decimal:
    return value.quantize(number(like), ROUND_HALF_UP)


@pytest.mark.parametrize("page", PAGES)
def test_the_guide_can_count(page: str) -> None:
    sums = _SUM.findall((ROOT / page).read_text("utf-8"))
    assert len(sums) >= 2
    for terms, result in sums:
        assert rounded(worked_out(terms), result) == number(result), terms


def test_what_the_guide_adds_up_is_the_sum_of_its_rows() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", (ROOT / "docs/deploy.md").read_text("utf-8"), re.MULTILINE)
    costs = [table for table in tables if "**sum**" in table]
    assert len(costs) == 3
    for table in costs:
        *rows, totals = [line.split("|")[2:-1] for line in table.splitlines()[2:]]
        for column, total in enumerate(cell.strip(" *") for cell in totals):
            found = [worked_out(terms) for row in rows for terms, _ in _SUM.findall(row[column])]
            assert len(found) == len(rows)
            assert rounded(sum(found, Decimal(0)), total) == number(total)
