"""Writes the page docs/benchmarks.md from the saved results."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import memory_size
from bench.measure import RESULTS

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/benchmarks.md"


@dataclass(frozen=True)
class Figure:
    """The first ratio of a script: what was measured, and what it means for an operator of the notifier."""

    what: str
    means: str


# By the names of the results, in the order of the page.
FIGURES: Final = {
    "cold_start": Figure(
        "A cold start: import and first event, over terraform-aws-notify-slack's",
        "How long a message waits for a new environment, before Lambda's own part. Ours reads the database and writes "
        "its ledger meanwhile; the peer has neither. Without dnspython, which finds a database by its name, it is "
        "1.16.",
    ),
    "first_event": Figure(
        "The first event at the default memory, over the peer's",
        "The event runs on the share of a processor that its memory gets; the import has a whole one.",
    ),
    "first_event_milliseconds": Figure(
        "The same in milliseconds",
        "With a Slack, a database and an AWS that answer at once: add what yours take.",
    ),
    "bytecode": Figure(
        "The import of the package, over the same without bytecode",
        "Why a release is built with Python 3.13 on the build server.",
    ),
    "memory": Figure(
        "Memory at its peak after the first event, over the peer's",
        "About 50 MB; the rest of the function's memory is for long texts, many rows and templates.",
    ),
    "warm_event": Figure(
        "A warm event, over its floor",
        "What our code adds to the calls that cannot be saved. The floor is the same SELECT, two conditional writes of "
        "the ledger, the render and the post, in a bare loop with the same clients.",
    ),
    "warm_event_apart": Figure(
        "The same where a second passes between two events",
        "After a second the function reads again which channels Slack has rate-limited, which the floor does not. Most "
        "events come this far apart.",
    ),
    "batch": Figure(
        "A batch of ten for ten channels, over its floor, with a Slack that takes 80 ms",
        "Posts to different channels overlap: ten events take about 1.5 times as long as one. The floor is ten SELECTs "
        "one after the other, then ten threads, each with two writes and a post.",
    ),
    "discovery": Figure(
        "A call to an API by cached Cloud Map, over one by a fixed address",
        "Finding an instance costs nothing while it is remembered.",
    ),
    "poll": Figure(
        "A poll that finds nothing new and reads 1,000 known ids again, over one SELECT, one GetItem and one PutItem",
        "What `poll:` costs each time, on the replica and in the state table.",
    ),
    "poll_rows": Figure(
        "A poll that finds 100,000 rows, until they are saved, over the bare query that reads their ids",
        "A large import into the table holds nothing up.",
    ),
    "poll_sent": Figure(
        "A poll that sends 1,000 events, over the bare query and the same calls of the queue",
        "The same for the events that follow.",
    ),
    "connect": Figure(
        "A login to the database over verified TLS, over PyMySQL's default, which verifies nothing",
        "Verification costs no time: the authorities are read once.",
    ),
    "size": Figure(
        "The package, zipped, in MB",
        "What a deployment uploads, and Lambda unpacks for each environment.",
    ),
    "worst_template": Figure(
        "Processor time of the worst template minus that of the simplest one, in seconds",
        "The most that a mistake in a template can cost one event.",
    ),
    "worst_template_memory": Figure(
        "Peak memory of the worst template minus that of the simplest one, in MB",
        "With the function's own 50 MB it does not fit into 128 MB.",
    ),
}
HEAD: Final = """# Figures

Most are ratios, of both sides in one interleaved run on one machine: absolute times would be about the machine. Made by
`make bench`, with `BENCH_PEER=.../notify_slack.py` for the file of
[terraform-aws-notify-slack](https://github.com/terraform-aws-modules/terraform-aws-notify-slack) 7.5.0; `bench/results`
has every sample. In the first eight rows and in the last table AWS and Slack are behind TLS, with as many root
certificates as in Lambda; each round of ours has an event of its own, and a round fails if nothing is posted.

| what | measured | at most | what it means for you |
| --- | --- | --- | --- |
"""
MEMORY: Final = """
## How much memory

Lambda gives a function a share of a processor by its memory: all of one at 1,769 MB
([Lambda](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)). Here it has that share once it is
imported, by {how}. Slack takes {slack} ms, everything else answers at once; a warm event comes a second
after the one before. The price is for a million warm events on arm64 in us-east-1
([prices](https://aws.amazon.com/lambda/pricing)), one in each invocation. It includes the time spent waiting, but
neither the init phase nor the {requests} for the requests.

| `MemorySize` | of a processor | first event | warm event | dollars for a million |
| --- | --- | --- | --- | --- |
{rows}

**256 is the default.** 128 costs as much, takes twice as long, and is too small for the worst template. 512 saves some
hundredths of a second, which nobody sees in Slack, for two thirds more. If many events wait for templates that compute
long, 512 or 1024 costs hardly more than 256: what takes a processor ends sooner.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


def page() -> str:
    """Return the page."""
    kept = {name: _kept(name) for name in (*FIGURES, memory_size.NAME)}
    rows = "".join(_row(kept[name], figure) for name, figure in FIGURES.items())
    return HEAD + rows + _made(kept) + _memory(kept[memory_size.NAME])


def _kept(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return found


def _row(kept: dict[str, Any], figure: Figure) -> str:
    what, value = next(iter(kept["ratios"].items()))
    note = "" if value <= kept["at_most"] else " **(falls short)**"
    stand_in = " (five packages stand in for the peer)" if what.endswith("five packages") else ""
    return f"| {figure.what}{stand_in} | {value:.2f}{note} | {kept['at_most']:.2f} | {figure.means} |\n"


def _made(kept: dict[str, dict[str, Any]]) -> str:
    """Return the machine and the date of the results."""
    runs = sorted({(one["date"], one["machine"], one["python"]) for one in kept.values()})
    return "\n" + "\n".join(f"Measured on {date}: {machine}, Python {python}." for date, machine, python in runs) + "\n"


def _memory(kept: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| {row['megabytes']} | {row['processor']:.0%} | {row['first_event']:.0f} ms | {row['warm_event']:.0f} ms "
        f"| {row['dollars_per_million']:.2f} |"
        for row in kept["rows"]
    )
    return MEMORY.format(rows=rows, how=kept["how"], slack=memory_size.SLACK_MILLISECONDS, requests="0.20")


if __name__ == "__main__":
    main()
