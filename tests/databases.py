"""The databases that the tests run with: all available ones, or the one in the variable DATABASE.

At its end, a run reports how many tests used each database, with its version.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Final

import pytest

from lab.databases import PRODUCTS, Pair, Product

_NAME: Final = os.environ.get("DATABASE")
if _NAME and _NAME not in PRODUCTS:
    pytest.exit(f"DATABASE={_NAME} is not one of {', '.join(PRODUCTS)}", returncode=pytest.ExitCode.USAGE_ERROR)
WANTED: Final = [PRODUCTS[_NAME]] if _NAME else [*PRODUCTS.values()]
_TITLES: Final[dict[Product, str]] = {}


def ran(pair: Pair) -> None:
    """Record the version of the servers that tests ran with."""
    [(version,)] = pair.primary.query("SELECT VERSION()")
    _TITLES[pair.primary.product] = f"{pair.primary.product.title} {version}"


def note(item: pytest.Item) -> None:
    """Add the server that a test ran with to its report."""
    if title := _TITLES.get(product_of(item)):
        item.user_properties.append(("database", title))


def counts(passed: list[pytest.TestReport]) -> list[str]:
    """Return a line for each server: how many of these tests ran with it."""
    counted = Counter(dict(report.user_properties).get("database", "") for report in passed)
    return [f"{title}: {count} passed" for title, count in sorted(counted.items()) if title]


def product_of(item: pytest.Item) -> Product | None:
    """Return the database that a test runs with; None if it uses none."""
    params = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
    return next((value for value in params if isinstance(value, Product)), None)
