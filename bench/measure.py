"""Measures two or more sides in one interleaved run, and saves the results."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).with_name("results")


def interleaved(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Take one sample (milliseconds) of each side in turn, `rounds` times; the first round does not count."""
    samples: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, sample in sides.items():
            value = sample()
            if number:
                samples[name].append(value)
    return samples


def timed(call: Callable[[], Any]) -> Callable[[], float]:
    """Return a function that measures one call, in milliseconds."""

    def sample() -> float:
        began = time.perf_counter()
        call()
        return (time.perf_counter() - began) * 1000

    return sample


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the median of the pairwise ratios: both samples of a pair saw the machine in the same state."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def report(
    name: str,
    samples: Mapping[str, Sequence[float]],
    ratios: Mapping[str, float],
    at_most: float,
    *,
    script: str = "",
    unit: str = "ms",
    python: str = "",
) -> None:
    """Print the medians and ratios, and save everything in results/<name>.json with the machine and the date.

    `script` is the script that measured it, if its name differs; `python` is the Python version that ran it, if it is
    not this one.
    """
    for side, values in samples.items():
        low, *_, high = statistics.quantiles(values, n=10)
        print(f"  {side:<44} {statistics.median(values):9.3f} {unit}   ({low:.3f} to {high:.3f}, n={len(values)})")
    for what, value in ratios.items():
        print(f"  {what:<44} {value:9.2f}   (at most {at_most:.2f})")
    measured = {
        "ratios": {what: round(value, 3) for what, value in ratios.items()},
        "at_most": at_most,
        "unit": unit,
        "samples": {side: [round(value, 4) for value in values] for side, values in samples.items()},
    }
    keep(name, measured, script=script, python=python)


def keep(name: str, measured: Mapping[str, Any], *, script: str = "", python: str = "") -> None:
    """Save measured values in results/<name>.json, with the machine and the date. See `report` for the arguments."""
    RESULTS.mkdir(exist_ok=True)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": f"python -m bench.{script or name}",
        "python": python or sys.version.split()[0],
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()}",
        **measured,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
