"""Fixtures for fault tests of the real function: its path from the queue to Slack, once per mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from lab.cloud import LocalCloud
from tests.delivery_kit import Line, running_line
from tests.delivery_parts import own_tables


@pytest.fixture(scope="session")
def running(running_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Line]]:
    """Return a function that returns the line of a mode (`read-back`, `repost`, `webhook`), started on first use."""
    lines: dict[str, Line] = {}
    with own_tables(running_cloud), ExitStack() as parts:

        def line(mode: str) -> Line:
            if mode not in lines:
                lines[mode] = parts.enter_context(running_line(running_cloud, tmp_path_factory.mktemp(mode), mode))
            return lines[mode]

        yield line


@pytest.fixture
def mode() -> str:
    """The mode in which the function posts; a test may override it."""
    return "read-back"


@pytest.fixture
def line(running: Callable[[str], Line], mode: str) -> Line:
    """The real function behind its queue, in its initial state."""
    found = running(mode)
    found.fresh()
    return found
