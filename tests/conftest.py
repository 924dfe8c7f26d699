"""What every test may ask for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import NoReturn

import pytest

pytest_plugins = [
    "tests.plugins.artefact",
    "tests.plugins.browser",
    "tests.plugins.cloud",
    "tests.plugins.database",
    "tests.plugins.private_cloud",
    "tests.plugins.vpc",
]


# A shell starts a command with `&` with this signal ignored, and whatever the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """End the test because this machine lacks something: a skip with its reason, a failure under REQUIRE_ALL=1."""

    def end(reason: str) -> NoReturn:
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(f"REQUIRE_ALL=1, and {reason}")
        pytest.skip(reason)

    return end
