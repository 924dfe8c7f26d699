"""The page docs/benchmarks.md, from what the scripts have kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from bench.measure import RESULTS

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/benchmarks.md"
# What each script's first ratio is about, in the order of the page.
FIGURES: Final = {
    "cold_start": "cold import and first event with database and ledger, over terraform-aws-notify-slack's without",
    "bytecode": "cold import of the package as it ships, over the same without bytecode",
    "warm_event": "a warm event over its floor: the same SELECT, ledger writes, render and kept post in a bare loop",
    "discovery": "a call by cached Cloud Map over one by a fixed address",
    "batch": "a batch of ten for ten channels over one event, with a Slack that takes 80 ms",
    "poll": "a poll that finds nothing, and reads a thousand ids again, over one SELECT of them, GetItem and PutItem",
    "poll_rows": "a poll that finds 100,000 rows, until they are saved, over the bare query that reads their ids",
    "poll_sent": "a poll that sends 1,000 events, over the bare query and the same calls of the queue",
    "connect": "a login to the database over verified TLS over PyMySQL's default, which verifies nothing",
    "memory": "memory at its peak after the first event over the peer's",
    "size": "the package, zipped, in MB",
    "worst_template": "processor time of the worst template minus that of the simplest one, in seconds",
    "worst_template_memory": "peak memory of the worst template minus that of the simplest one, in MB",
}
HEAD: Final = """# Figures

Ratios, each of both sides in one interleaved run on one machine: absolute times would be about the machine. Made by
`make bench`, with `BENCH_PEER=.../notify_slack.py` for the peer's file; `bench/results` has every sample.

| what | measured | at most | on | machine |
| --- | --- | --- | --- | --- |
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(HEAD + "".join(_row(name, words) for name, words in FIGURES.items()), "utf-8")


def _row(name: str, words: str) -> str:
    kept: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    what, value = next(iter(kept["ratios"].items()))
    note = "" if value <= kept["at_most"] else " **(falls short)**"
    stand_in = "" if name not in ("cold_start", "memory") or what.endswith("peer") else " (without the peer's file)"
    machine = f"{kept['machine']}, Python {kept['python']}"
    return f"| {words}{stand_in} | {value:.2f}{note} | {kept['at_most']:.2f} | {kept['date']} | {machine} |\n"


if __name__ == "__main__":
    main()
