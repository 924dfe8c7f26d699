"""The paths to an API, compared in the network-namespace VPC: the cost of a first call, of later ones, and of failures.

The published measurement in the table is from Tokyo, August 2020, by X-Ray: a function in a VPC that calls an API on
Fargate twice. Its times and ours are from different machines; only ratios between paths are comparable.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import uuid4

from bench.discovery_client import shuffled
from bench.discovery_paths import CABLES, CACHED, FIXED, POSTED, SILENT, UNCACHED, Scene, host_of, running_scene
from bench.discovery_table import Samples, failover, table
from bench.measure import RESULTS, ratio, report
from handler.discovery.cache import AGES
from lab.function import RunningFunction

CALL_ROUNDS: Final = 300
WARM_ROUNDS: Final = 100
COLD_ROUNDS: Final = 8
AGAIN: Final = f"{FIXED}, again"
AT_MOST: Final = 1.05
STEPS, STEP_SECONDS = 100, 1.5  # of the environment's clock, for counting look-ups


def main() -> None:
    """Measure, print, and save the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name, running_scene(Path(name)) as scene:
        client = _client(scene)
        scene.inside()
        warm = _warm(scene)
        inside = scene.inside()
        cold = _cold(scene)
        lookups = _lookups(scene)
    calls: Samples = client["calls"]
    callee = {path: 2 * statistics.median(inside[host_of(path)]) for path in warm}
    failures = {
        f"{name}, {time} call": [both[number] for both in samples]
        for name, samples in client["failures"].items()
        for number, time in enumerate(("first", "second"))
    }
    lines = table(calls, warm, cold, callee)
    print("The paths to an API:")
    ratios = {f"a call, {path} / {FIXED}": ratio(calls[path], calls[FIXED]) for path in (CACHED, AGAIN)}
    ratios[f"function, {CACHED} / {FIXED}"] = ratio(warm[CACHED], warm[FIXED])
    report("discovery", _named(calls, warm, cold, failures), ratios, AT_MOST)
    figures = lookups | failover(failures)
    _keep({"cables_ms_one_way": CABLES, "figures": figures, "table": lines})
    print(*(f"  {what}: {figure}" for what, figure in figures.items()), *lines, sep="\n")


def _client(scene: Scene) -> dict[str, Any]:
    """Measure only the API client, in one process; the fixed address is measured twice, to show the noise."""
    paths = {**scene.paths, AGAIN: scene.paths[FIXED]}
    wish = {"rounds": CALL_ROUNDS, "paths": paths, "uncached": [UNCACHED], "failures": scene.failures}
    measured: dict[str, Any] = json.loads(
        scene.cloud.vpc.run(
            "function",
            [sys.executable, "-m", "bench.discovery_client"],
            stdin=json.dumps(wish),
            env=scene.environment(""),
            timeout_seconds=300,
        )
    )
    return measured


def _warm(scene: Scene) -> dict[str, list[float]]:
    """Measure the whole function for an event with two API calls and no message: no database or Slack is involved.

    One write to the ledger is.
    """
    with ExitStack() as environments:
        functions = {path: environments.enter_context(scene.function(path)) for path in scene.paths}
        sides = {path: _sample(function, SILENT) for path, function in functions.items()}
        return shuffled(sides, WARM_ROUNDS, Random(2))


def _cold(scene: Scene) -> dict[str, list[float]]:
    """Measure a fresh environment's first event with its post, whose token needs the AWS SDK on every path."""

    def first(path: str) -> float:
        with scene.function(path) as function:
            return _sample(function, POSTED)()

    return shuffled({path: partial(first, path) for path in scene.paths}, COLD_ROUNDS, Random(3))


def _lookups(scene: Scene) -> dict[str, str]:
    """Return how often a busy environment asks the registry, counted by the registry."""
    registry = scene.cloud.cloudmap
    with scene.function(CACHED) as function:
        sample = _sample(function, SILENT)
        registry.reset_calls()
        for _ in range(STEPS):
            sample()
            function.shift(wall=STEP_SECONDS, monotonic=STEP_SECONDS)
        counted = registry.calls()["DiscoverInstances"]
    seconds = STEPS * STEP_SECONDS
    what = f"look-ups of {2 * STEPS} calls within {seconds:.0f} s of an environment's time"
    return {what: f"{counted} (at most {seconds / AGES.soft_ttl:.0f})"}


def _sample(function: RunningFunction, number: int) -> Callable[[], float]:
    body = json.dumps({"type": "two.calls", "id": number})

    def sample() -> float:
        record = {"messageId": uuid4().hex, "eventSource": "aws:sqs", "attributes": {}, "body": body}
        invocation = function.invoke({"Records": [record]})
        states = {line.get("message") for line in invocation.logs} - {"discovery", None}  # metrics have no message
        assert states == {"delivered" if number == POSTED else "suppressed"}, invocation
        return invocation.milliseconds

    return sample


def _named(calls: Samples, warm: Samples, cold: Samples, failures: Samples) -> dict[str, Sequence[float]]:
    kinds = {"a call": calls, "function": warm, "first event": cold, "failover": failures}
    return {f"{kind}, {name}": values for kind, samples in kinds.items() for name, values in samples.items()}


def _keep(more: Mapping[str, Any]) -> None:
    """Add further values to the saved result."""
    file = RESULTS / "discovery.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **more}, indent=1) + "\n")


if __name__ == "__main__":
    main()
