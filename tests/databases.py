"""Which databases the tests run with: all that there are, or the one that DATABASE names.

A run ends with how many tests ran with each of them, and in which version.
"""

from __future__ import annotations

import os
from typing import Final

import pytest

from lab.databases import PRODUCTS, Pair, Product

_NAME: Final = os.environ.get("DATABASE")
if _NAME and _NAME not in PRODUCTS:
    pytest.exit(f"DATABASE={_NAME} is not one of {', '.join(PRODUCTS)}", returncode=pytest.ExitCode.USAGE_ERROR)
WANTED: Final = [PRODUCTS[_NAME]] if _NAME else [*PRODUCTS.values()]
_VERSIONS: Final[dict[str, str]] = {}


def ran(pair: Pair) -> None:
    """Remember the version of servers that tests ran with."""
    [(version,)] = pair.primary.query("SELECT VERSION()")
    _VERSIONS[pair.primary.product.title] = str(version)


def counts(passed: list[pytest.TestReport]) -> list[str]:
    """How many of these tests ran with each server."""
    return [
        f"{title} {version}: {sum(dict(report.user_properties).get('database') == title for report in passed)} passed"
        for title, version in _VERSIONS.items()
    ]


def product_of(item: pytest.Item) -> Product | None:
    """The database that a test runs with; None if with none."""
    params = item.callspec.params.values() if isinstance(item, pytest.Function) and hasattr(item, "callspec") else ()
    return next((value for value in params if isinstance(value, Product)), None)
