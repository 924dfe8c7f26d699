"""The tables and figures about the paths to an API, from samples in milliseconds."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Final

from bench.discovery_paths import FIXED, UNCACHED
from bench.measure import ratio
from cli.doctor import published

# By the names of our paths. In the published measurement, that time includes the call of Cloud Map.
PUBLISHED: Final = {**published.TIMES, UNCACHED: published.TIMES[published.CLOUD_MAP]}
REFUSED_AT_MOST, SILENT_AT_MOST = 10.0, 250.0  # milliseconds

Samples = Mapping[str, Sequence[float]]


def table(calls: Samples, warm: Samples, cold: Samples, callee: Mapping[str, float]) -> list[str]:
    """Return the paths as a Markdown table, with those of the published table; in milliseconds, except ratios."""
    there = ["2020: function", "API", "difference"]
    here = ["here: function", "API", "difference", "a call / fixed address", "first event"]
    titles = ["path", *there, *here]
    lines = [f"| {' | '.join(titles)} |", "| --- |" + " ---: |" * (len(titles) - 1)]
    for path, samples in warm.items():
        whole, inner = PUBLISHED.get(path, (0, 0))
        theirs = [f"{whole}", f"{inner}", f"{whole - inner}"] if whole else ["", "", ""]
        ours = statistics.median(samples)
        times = [f"{ours:.1f}", f"{callee[path]:.1f}", f"{ours - callee[path]:.1f}"]
        rest = [f"{ratio(calls[path], calls[FIXED]):.2f}", f"{statistics.median(cold[path]):.0f}"]
        lines.append(f"| {' | '.join([path, *theirs, *times, *rest])} |")
    return lines


def failover(failures: Samples) -> dict[str, str]:
    """Return how much longer the first and the second call take with a broken instance than without."""
    found = {}
    for what, at_most in (("refused", REFUSED_AT_MOST), ("silent", SILENT_AT_MOST)):
        for call, goal in (("first", f" (at most {at_most:.0f})"), ("second", "")):
            pairs = zip(failures[f"{what}, {call} call"], failures[f"well, {call} call"], strict=True)
            lost = statistics.median(broken - well for broken, well in pairs)
            found[f"lost by a task that is {what}, {call} call"] = f"{lost:.1f} ms{goal}"
    return found
