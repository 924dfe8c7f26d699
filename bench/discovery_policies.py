"""Compares cache policies for an API's instances: when to look them up again, over a scripted eighteen minutes.

The client, the tasks and the Cloud Map stand-in are real. Time is simulated: environments and registry share a clock
that advances by one second. In each second every environment requests one document, the same one under every policy. An
address is a port of loopback.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from bench.discovery_remembering import IDENTITY, AskOn404, Counted, Evidence, NoCache, Policy, Tally
from bench.discovery_script import NAMESPACE, OTHERS, SECONDS, SERVICE, Deployment, script
from bench.measure import RESULTS
from handler.clock import Clock
from handler.discovery.cloudmap import CloudMap
from lab.cloudmap import running_cloudmap

ENVIRONMENTS: Final = 5
MISSING_SHARE: Final = 0.1
KNOWN, MISSING = range(1, 1501), 999_999  # ids of customers

Make = Callable[[Counted, Random, Clock], Policy]
POLICIES: Final[Mapping[str, Make]] = {
    "no cache": lambda resolver, random, _: NoCache(resolver, random),
    "cache, ask again on a 404": lambda resolver, random, _: AskOn404(resolver, random),
    "cache, leave on evidence (ours)": lambda resolver, random, clock: Evidence(resolver, random, clock, IDENTITY),
    "ours, without `identity=`": lambda resolver, random, clock: Evidence(resolver, random, clock, ("", "")),
}


@dataclass
class Environment:
    """One environment with one policy."""

    resolver: Counted
    policy: Policy
    tally: Tally = field(default_factory=Tally)


def main() -> None:
    """Play the script, print, and save the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name, ExitStack() as everything:
        folder = Path(name)
        registry = everything.enter_context(running_cloudmap(folder / "cloudmap.log", still=True))
        registry.create(NAMESPACE, SERVICE)
        own = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        everything.enter_context(patch.dict(os.environ, {**registry.env, **own}))
        counts = play(Deployment(registry, folder, everything))
        answered = sum(count["look-ups"] - count["unanswered"] for count in counts.values())
        assert registry.calls()["DiscoverInstances"] == answered  # the count of the registry
    lines = table(counts)
    print("Remembering where an API is:", *lines, sep="\n")
    _keep(counts, lines)


def play(deployment: Deployment) -> dict[str, dict[str, int]]:
    """Play the script, and return the counts by policy."""
    now = 0.0
    clock, random = Clock(lambda: now, lambda: now), Random(1)
    environments = {name: [_environment(name, number, clock) for number in range(ENVIRONMENTS)] for name in POLICIES}
    events = script(deployment)
    for second in range(SECONDS):
        if second in events:
            events[second]()
        for number in range(ENVIRONMENTS):
            exists = random.random() >= MISSING_SHARE
            path = f"/customers/{random.choice(KNOWN) if exists else MISSING}"
            for same in environments.values():
                same[number].tally.count(same[number].policy.get(path), exists=exists)
        now += 1
        deployment.registry.advance(1)
    return {name: _summed(same) for name, same in environments.items()}


def _environment(policy: str, number: int, clock: Clock) -> Environment:
    resolver = Counted(CloudMap(NAMESPACE, SERVICE))
    return Environment(resolver, POLICIES[policy](resolver, Random(f"{policy} {number}"), clock))


def _summed(environments: list[Environment]) -> dict[str, int]:
    """Return the summed counts of environments with the same policy."""
    return {
        "requests": sum(one.tally.requests for one in environments),
        "look-ups": sum(one.resolver.asked for one in environments),
        "needless": sum(one.resolver.same for one in environments),
        "unanswered": sum(one.resolver.unanswered for one in environments),
        "failed": sum(one.tally.failed for one in environments),
        **{f"believed, {other}": sum(one.tally.believed[other] for one in environments) for other in OTHERS},
    }


def table(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the counts as a Markdown table."""
    titles = [
        "policy",
        "requests",
        "look-ups",
        "that found the same",
        "that failed",
        "failed requests",
        "believed of a service that knows half",
        "of one that knows all",
    ]
    lines = [f"| {' | '.join(titles)} |", "| --- |" + " ---: |" * (len(titles) - 1)]
    return lines + [f"| {' | '.join([name, *map(str, count.values())])} |" for name, count in counts.items()]


def _keep(counts: Mapping[str, Mapping[str, int]], lines: list[str]) -> None:
    document: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m bench.discovery_policies",
        "python": sys.version.split()[0],
        "seconds": SECONDS,
        "environments": ENVIRONMENTS,
        "missing_share": MISSING_SHARE,
        "counts": counts,
        "table": lines,
    }
    (RESULTS / "discovery_policies.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
