"""A warm event, compared with its floor: the same SELECT, render, ledger writes and TLS POST in a bare loop.

Both sides read a row from the same replica, write the ledger before and after the post, and post the same message to
the same server over persistent connections, each time for a new event; ours uses the function's entry point, with all
its further work. bench/floor.py explains how the floor knows what to write and post.

While events follow each other closely, the function has the state of the channels from the event before. If they are a
second apart, it reads that state again, which the floor never does: that is the second figure.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from itertools import count
from pathlib import Path
from typing import Any, Final

import jinja2

from bench.events import TYPE, batch, function, identity
from bench.floor import Floor, check, recorded, running_floor
from bench.measure import interleaved, ratio, report, timed
from bench.rig import running_rig
from cli import compiler
from handler.delivery.throttle import FRESH_SECONDS
from lab.sam import ROOT

ROUNDS: Final = 400
AT_MOST: Final = 1.20
APART_ROUNDS: Final = 100
APART_AT_MOST: Final = 1.30
# The pause before each sample: two samples of one side must be further apart than the channel state is cached.
PAUSE_SECONDS: Final = FRESH_SECONDS / 2 + 0.02
FIRST_ORDER: Final = 1042
SIGNS: Final = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
OURS: Final = "warm event"
FLOOR: Final = "floor"


def main() -> None:
    """Measure, print, and save the results."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        compilation = compiler.compile_templates(ROOT / "templates")
        compiler.write(compilation, folder / "catalog.json")
        with running_rig(folder) as rig:
            os.environ.update(rig.environment(folder / "catalog.json"))
            with running_floor(rig) as floor:
                numbers = count(FIRST_ORDER)
                template = next(one for one in compilation.catalog["notifications"] if one["name"] == TYPE)
                calls = {OURS: _ours(numbers), FLOOR: _floor(floor, template, numbers)}
                sides = {name: rig.posting(timed(call)) for name, call in calls.items()}
                samples = interleaved(sides, ROUNDS)
                apart = interleaved({name: _later(side) for name, side in sides.items()}, APART_ROUNDS)
    print("A warm event:")
    report("warm_event", samples, {"warm event / floor": ratio(samples[OURS], samples[FLOOR])}, AT_MOST)
    print("Events a second apart:")
    ratios = {"warm event / floor, a second apart": ratio(apart[OURS], apart[FLOOR])}
    report("warm_event_apart", apart, ratios, APART_AT_MOST, script="warm_event")


def _ours(numbers: Iterator[int]) -> Callable[[], None]:
    handle = function()
    return lambda: handle(batch(next(numbers)))


def _floor(floor: Floor, template: dict[str, Any], numbers: Iterator[int]) -> Callable[[], None]:
    (lookup,) = template["lookups"]
    bare = jinja2.Environment(autoescape=False, finalize=lambda value: escape(str(value), quote=False))
    bare.filters["money"] = lambda value, currency: f"{SIGNS[currency]}{value:,.{0 if currency == 'JPY' else 2}f}"
    words = bare.from_string(template["text"]["source"])

    def text(number: int) -> str:
        return words.render({lookup["name"]: floor.row(lookup["sql"], number), "id": number})

    first = next(numbers)
    known = recorded(partial(function(), batch(first)))
    check(known, text(first))

    def event() -> None:
        number = next(numbers)
        floor.deliver(known, identity(number), text(number))

    return event


def _later(sample: Callable[[], float]) -> Callable[[], float]:
    def later() -> float:
        time.sleep(PAUSE_SECONDS)
        return sample()

    return later


if __name__ == "__main__":
    main()
