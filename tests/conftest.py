"""What every test may ask for."""

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


# No test sees a demo that runs on this machine, nor the AWS that its user works with; nor does what the tests start.
_STATE = tempfile.TemporaryDirectory(prefix="state-")
os.environ["XDG_STATE_HOME"] = _STATE.name
for _name in [*running.NAMING, *(name for name in os.environ if name.startswith((running.ENDPOINT, "NOTIFIER_")))]:
    os.environ.pop(_name, None)

# No test is timed: how long an example takes depends on what else runs.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# A shell starts a command with `&` with this signal ignored, and whatever the tests start would inherit that.
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
    """End the test because this machine lacks something: a skip with its reason, a failure under REQUIRE_ALL=1."""

    def end(reason: str) -> NoReturn:
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(f"REQUIRE_ALL=1, and {reason}")
        pytest.skip(reason)

    return end
