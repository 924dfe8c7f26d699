"""A batch of ten events for ten channels, compared with its floor, while Slack takes 80 ms per post.

The floor is the same ten SELECTs in sequence over one connection, and then the same ten posts in ten threads that wait
for nothing else, each between its two ledger writes (bench/floor.py). A second ratio, to one event, shows whether posts
overlap or add up.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import jinja2

from bench.events import function, identity, record
from bench.floor import Floor, check, recorded, running_floor
from bench.measure import interleaved, ratio, report, timed
from bench.rig import running_rig
from cli import compiler

ROUNDS: Final = 60
AT_MOST: Final = 1.10
SLACK_MILLISECONDS: Final = 80
CHANNELS: Final = 10
ORDER: Final = 1042
TEN: Final = "batch of ten"
FLOOR: Final = "floor"
ONE: Final = "one event"
TEMPLATE: Final = """
id: integer
channel: c{number}
lookups:
  order:
    sql: SELECT number FROM orders WHERE id = :id
text: "{{{{ order.number }}}}"
samples:
  one: {{id: 1042, lookups: {{order: {{number: T-001042}}}}}}
"""


def main() -> None:
    """Measure, print, and save the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        template = _compiled(folder)
        with running_rig(folder, SLACK_MILLISECONDS) as rig:
            os.environ.update(rig.environment(folder / "catalog.json"))
            with running_floor(rig) as floor:
                numbers = count(1)
                sides = {
                    TEN: rig.posting(timed(_ours(CHANNELS, numbers)), CHANNELS),
                    FLOOR: rig.posting(timed(_floor(floor, template, numbers)), CHANNELS),
                    ONE: rig.posting(timed(_ours(1, numbers))),
                }
                samples = interleaved(sides, ROUNDS)
    print(f"A batch, with a Slack that takes {SLACK_MILLISECONDS} ms:")
    report("batch", samples, {f"{TEN} / {FLOOR}": ratio(samples[TEN], samples[FLOOR])}, AT_MOST)
    print(f"  {f'{TEN} / {ONE}':<44} {ratio(samples[TEN], samples[ONE]):9.2f}")


def _compiled(folder: Path) -> dict[str, Any]:
    """Compile a template for each channel, and return one of them: all read and render the same."""
    templates = folder / "templates"
    (templates / "_stages").mkdir(parents=True)
    for number in range(CHANNELS):
        (templates / f"bench.c{number}.yaml").write_text(TEMPLATE.format(number=number))
    channels = ", ".join(f"c{number}: C0BENCH{number:03}" for number in range(CHANNELS))
    stage = f"channels: {{{channels}}}\nfallback: C0BENCH000\nprefix: ''\n"
    (templates / "_stages/demo.yaml").write_text(stage)
    compilation = compiler.compile_templates(templates)
    assert not compilation.findings
    compiler.write(compilation, folder / "catalog.json")
    template: dict[str, Any] = compilation.catalog["notifications"][0]
    return template


def _ours(size: int, numbers: Iterator[int]) -> Callable[[], None]:
    handle = function()
    return lambda: handle(_events(range(size), numbers))


def _floor(floor: Floor, template: dict[str, Any], numbers: Iterator[int]) -> Callable[[], None]:
    (lookup,) = template["lookups"]
    words = jinja2.Environment(autoescape=False).from_string(template["text"]["source"])

    def text() -> str:
        return words.render({lookup["name"]: floor.row(lookup["sql"], ORDER)})

    known = [recorded(partial(function(), _events([channel], numbers))) for channel in range(CHANNELS)]
    for one in known:
        check(one, text())

    def events() -> None:
        texts = [text() for _ in known]
        identities = [identity(next(numbers)) for _ in known]
        with ThreadPoolExecutor(CHANNELS) as pool:
            list(pool.map(floor.deliver, known, identities, texts))

    return events


def _events(channels: Iterable[int], numbers: Iterator[int]) -> dict[str, Any]:
    """Return a batch with an event for each of these channels."""
    return {"Records": [_record(channel, next(numbers)) for channel in channels]}


def _record(channel: int, number: int) -> dict[str, Any]:
    return record(number, {"type": f"bench.c{channel}", "id": ORDER, "event_id": identity(number)})


if __name__ == "__main__":
    main()
