"""What more memory brings: the first event and a warm one, with the processor share of each memory size.

Lambda bills gigabytes times seconds, waiting included, so Slack takes 80 ms here, as a real one may.
"""

from __future__ import annotations

import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.cold import VERSION
from bench.cold_start import function
from bench.measure import interleaved, keep
from bench.quota import quota
from bench.rig import running_rig

SIZES: Final = (128, 256, 512, 1024)  # MB
ROUNDS: Final = 7
WARM_EVENTS: Final = 5
SLACK_MILLISECONDS: Final = 80
# Prices of a function on arm64, in us-east-1: https://aws.amazon.com/lambda/pricing
DOLLARS_PER_GB_SECOND: Final = 0.0000133334
NAME: Final = "memory_size"


def main() -> None:
    """Measure, print, and save the results."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name, ExitStack() as groups:
        shares = {size: groups.enter_context(quota(size)) for size in SIZES}
        with running_rig(Path(name), SLACK_MILLISECONDS) as rig:
            cold = function(rig, rig.cloud.build().parent / "NotifierFunction")
            sides = {size: cold(quota=share, further=WARM_EVENTS) for size, share in shares.items()}
            interleaved({f"{size} MB": rig.posting(side, 1 + WARM_EVENTS) for size, side in sides.items()}, ROUNDS)
    print(f"What more memory brings, by {shares[SIZES[0]].how}, with a Slack that takes {SLACK_MILLISECONDS} ms:")
    rows = []
    for size, side in sides.items():
        side.forget_first()
        first, warm = statistics.median(side.events), statistics.median(side.warm)
        rows.append({
            "megabytes": size,
            "processor": round(shares[size].share, 3),
            "first_event": round(first, 1),
            "warm_event": round(warm, 1),
            "dollars_per_million": round(dollars_per_million(size, warm), 2),
        })  # fmt: skip
        print(f"  {size:5} MB   first event {first:7.1f} ms   warm event {warm:6.1f} ms   "
              f"{dollars_per_million(size, warm):5.2f} dollars for a million")  # fmt: skip
    samples = {f"{size} MB": {"first": side.events, "warm": side.warm} for size, side in sides.items()}
    keep(NAME, {"rows": rows, "how": shares[SIZES[0]].how, "samples": samples}, python=VERSION)


def dollars_per_million(megabytes: int, milliseconds: float) -> float:
    """Return the cost of a million events of this duration, one per invocation, without the price per request."""
    return megabytes / 1024 * milliseconds * 1000 * DOLLARS_PER_GB_SECOND


if __name__ == "__main__":
    main()
