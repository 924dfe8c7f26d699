"""A Slack stand-in without a rate limit, for tests of what it accepts and returns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.slack import Config, Control, Rate, running_slack


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with running_slack(Config(rate=Rate(0))) as url:
        yield url


@pytest.fixture
def control(url: str) -> Iterator[Control]:
    """Yield its control, after a reset."""
    control = Control(url)
    control.reset()
    yield control
    control.close()
