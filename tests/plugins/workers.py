"""Groups the tests for parallel processes (`pytest -n 2 --dist loadgroup`).

Tests that share something slow to start, such as a pair of databases, run in one process. Others are grouped by file.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.databases import product_of

# Fixtures that take seconds to start.
SHARED: Final = ("running_cloud", "private_cloud", "vpc", "database_pair", "reader")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail unless xdist has put the groups into the test names, by which it distributes them."""
    grouping = getattr(session.config.option, "loadgroup", False)
    if grouping and not all(item.nodeid.endswith(f"@{_group(item)}") for item in session.items):
        raise RuntimeError("this version of pytest-xdist does not group the tests of this version of pytest")


def _group(item: pytest.Item) -> str:
    product = product_of(item)
    shared = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
    parts = [item.path.parent.name, *shared] if shared else [str(item.path.relative_to(item.config.rootpath))]
    return " ".join([*parts, product.name] if product else parts)
