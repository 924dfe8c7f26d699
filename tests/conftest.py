"""Settings and fixtures for all tests."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Callable
from typing import NoReturn

import hypothesis
import pytest

from cli import running

pytest_plugins = [
    "tests.plugins.artefact",
    "tests.plugins.browser",
    "tests.plugins.cloud",
    "tests.plugins.database",
    "tests.plugins.private_cloud",
    "tests.plugins.vpc",
    "tests.plugins.workers",
]


# Hide a demo that runs on this machine, and its user's AWS settings, from the tests and all processes they start.
_STATE = tempfile.TemporaryDirectory(prefix="state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
for _name in [*running.NAMING, *(name for name in os.environ if name.startswith((running.ENDPOINT, "NOTIFIER_")))]:
    os.environ.pop(_name, None)

# No deadlines: how long an example takes depends on what else runs.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A shell starts a background command (`&`) with this signal ignored, and processes started by tests would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def _own_garbage() -> None:
    """Exclude the objects of earlier tests from garbage collection.

    After thousands of tests one collection takes a second, which counts against the time limit of a template.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Return a function that ends a test if this machine lacks something: skips it, or fails it under REQUIRE_ALL=1."""

    def end(reason: str) -> NoReturn:
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(f"REQUIRE_ALL=1, and {reason}")
        pytest.skip(reason)

    return end
