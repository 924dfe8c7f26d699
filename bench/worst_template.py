"""The worst template: how much more time and memory an author's template can use than the simplest one.

Templates that were written by hand, or generated from all filters, tests and operators, are composed as the function
does it; after one that fails, the previous version is composed too. Each runs in its own process.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.measure import report
from handler.catalog import Stage
from handler.errors import NotifierError
from handler.model import Event, Group, IdRule, Leaf, Locale, Notification, Record, Route, SqlLookup
from handler.stages.compose import Composer
from handler.stages.enrich import Sources
from handler.templating import FILTERS, Templates
from handler.templating.filters import TESTS
from handler.time_limit import PREVIOUS_SECONDS

SECONDS: Final = 2.0
MEGABYTES: Final = 200.0
SEEDS: Final = range(6)
GENERATED: Final = 7  # per seed
ROUNDS: Final = 3  # for the worst templates, and for the simplest

# The data of the templates: a row with long texts, a hundred rows, an API's document. In total nearly as much as the
# lookups of one notification may return.
CONTEXT: Final[dict[str, Any]] = {
    "o": {
        "log": "x" * 1_500_000,
        "ja": "注文が" * 200_000,
        "flags": "🇯🇵" * 150_000,
        "thai": "กำ" * 150_000,
        "n": 12,
        "emoji": "😀" * 40_000 + "\n",
        "marks": "\u0344" * 20_000 + "\u0316" * 20_000,
    },
    "rows": [{"sku": f"TEA-{n}", "note": "é👍🏽 " * 1_900, "n": n} for n in range(100)],
    "doc": {f"key{n}": [{"a": n, "b": str(n)}] * 3 for n in range(2_000)},
}


NO_API: Final[Any] = None  # no lookup calls an API


def _lookup(name: str) -> SqlLookup:
    return SqlLookup(name, name, {}, expect="many" if isinstance(CONTEXT[name], list) else "one")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A template: a text, an expression for `when`, and a text for each block in a nested loop."""

    text: str = "-"
    when: str = "true"
    block: str = ""

    @property
    def notification(self) -> Notification:
        """The compiled template."""
        section = {"type": "section", "text": {"type": "mrkdwn", "text": Leaf("mrkdwn", self.block, "w.yaml:9")}}
        inner = Group([section] * 5, name="b", over=Leaf("expression", "range(200)", "w.yaml:8"))
        outer = Group([inner], name="a", over=Leaf("expression", "range(200)", "w.yaml:7"))
        return Notification(
            name="w",
            event="w",
            id=IdRule("integer"),
            routes=(Route(("orders",)),),
            text=Leaf("mrkdwn", self.text, "w.yaml:3"),
            lookups=tuple(_lookup(name) for name in CONTEXT),
            when=Leaf("expression", self.when, "w.yaml:5"),
            blocks=(outer,) if self.block else (),
        )


_LOOPS: Final = "{{% for a in range(200) %}}{{% for b in range(200) %}}{}{{% endfor %}}{{% endfor %}}"
_NESTED: Final = "[[[[[1]*200]*200]*200]*200]*200"
_JOIN: Final = "([1]*200) | join(([1]*200) | join('x' * 9999))"
# Found by hand or by the generator; those of the generator are unedited.
WRITTEN: Final[Sequence[Candidate]] = (
    Candidate(f"{{{{ ({_JOIN})[:1] }}}}"),
    Candidate(f"{{{{ ({_JOIN})[:1] ~ 'a' ~ ({_JOIN}) }}}}"),
    Candidate(when=f"(({_JOIN}) ~ ({_JOIN})) == 'x'"),
    Candidate(when=f"{_NESTED} == {_NESTED}"),
    Candidate(when=" or ".join(["(rows + rows + rows) == rows * 3 + [1]"] * 40)),
    Candidate(when="[" + ", ".join(["o.flags | upper"] * 900) + "] == 1"),
    Candidate(when="[" + ", ".join(["o.ja ~ o.ja"] * 500) + "] == 1"),
    Candidate(when="[" + ", ".join(["o.flags[1:]"] * 500) + "] == 1"),
    Candidate(when="[" + ", ".join(["[1] * 10000"] * 700) + "] == 1"),
    Candidate(_LOOPS.format("{% if o.log == o.log ~ 'a' %}{% endif %}" * 20)),
    Candidate(_LOOPS.format("{{ '' }}" * 500)),
    Candidate(_LOOPS.format("{{ none }}" * 500)),
    Candidate("".join("{{ " + "o.thai | length + " * 40 + "1 }}" for _ in range(12))),
    Candidate("{% for r in rows %}{{ r.note | truncate_width(39000) | title | code }}{% endfor %}"),
    Candidate("{% for r in rows %}{{ r.note | link(r.note) }}{{ r.note }}{% endfor %}"),
    Candidate("{% for r in rows %}{{ rows | join(r.note, 'note') | code }}{% endfor %}"),
    Candidate("{% for r in rows %}{{ rows | join('&' * 9999, 'n') ~ r.note | mask('email') }}{% endfor %}"),
    Candidate("{% for r in rows %}" + "{{ o.flags }}" * 200 + "{% endfor %}"),
    Candidate(_LOOPS.format("{{ ('&' * 9999) | first }}" * 40)),
    Candidate(_LOOPS.format("{% if doc == doc %}{% endif %}{% if 'y' in o.log %}{% endif %}")),
    Candidate(when="(" + " < ".join(["10 ** 90"] * 900) + ")"),
    Candidate(when=" ~ ".join(["o.thai"] * 900) + " == ''"),
    Candidate("".join(f"{{{{ o.key{n} if false else {n} }}}}" for n in range(700))),
    Candidate(block="{{ o.flags }}{{ o.ja | upper }}"),
    Candidate(block="{% for r in rows %}{{ r.note | title }}{% endfor %}"),
    Candidate(block="{% if false %}x{% endif %}"),
    Candidate(block="{{ rows | join(', ', 'note') | link('https://a.example') }}"),
    Candidate("{% for s in [o.emoji] %}{{ [" + ", ".join(["s | lower"] * 1_200) + "] | length }}{% endfor %}"),
    Candidate("{% for s in [o.emoji] %}{{ [" + ", ".join(["s ~ 1"] * 900) + "] | length }}{% endfor %}"),
    Candidate(when="[" + ", ".join(["o.emoji | lower"] * 990) + "] == 1"),
    Candidate("{{ [" + ", ".join(["o.emoji"] * 200) + "] | join }}"),
    Candidate("{% for r in rows %}{{ 1 | money(o.marks) }}{% endfor %}"),
    Candidate("{% for r in rows %}{{ o.log | trim(o.marks) }}{% endfor %}"),
    Candidate("{% for r in rows %}{% for q in rows %}{% if o.ja in o.log %}{% endif %}{% endfor %}{% endfor %}"),
)
SIMPLEST: Final = Candidate("{{ o.n }}")


def generated(seed: int) -> Iterator[Candidate]:
    """Yield random templates that use the whole language; most of them make sense."""
    chance = random.Random(seed)
    for _ in range(GENERATED):
        shown = f"{{{{ {text(chance, 5)} }}}}{{{{ {text(chance, 4)} | length }}}}"
        yield chance.choice([
            Candidate(when=f"{text(chance, 5)} == {text(chance, 5)} or {items(chance, 4)} == {items(chance, 4)}"),
            Candidate(when=f"[{', '.join([text(chance, 3)] * 60)}] == 1"),
            Candidate(shown * 5),
            Candidate(_LOOPS.format(shown)),
            Candidate(f"{{% for r in rows %}}{shown * 5}{{% endfor %}}"),
            Candidate(block=shown),
        ])  # fmt: skip


def text(chance: random.Random, depth: int) -> str:
    """Return a random expression whose value is a text."""
    if depth == 0:
        return chance.choice([*(f"o.{name}" for name in CONTEXT["o"]), "rows[9].note", "('&' * 9999)", "10 ** 90 // 7"])
    one, two = text(chance, depth - 1), text(chance, depth - 1)
    applied = chance.choice([*FILTERS, *(f"{name}({two})" for name in ("default", "link", "trim", "label"))])
    return "(" + chance.choice([
        f"{one} ~ {two}",
        f"({one} | upper) + ({two} | title)",
        f"{one}[{chance.choice(['1:', '::-1', ':99999'])}]",
        f"{one} | {applied}",
        f"{one} | {chance.choice(['truncate', 'truncate_width'])}({chance.choice([9, 39_000])})",
        f"{items(chance, depth - 1)} | join({two})",
        f"{one} if {two} in {one} else {two}",
        f"{one} is {chance.choice([name for name in TESTS if name != 'in'])}",
    ]) + ")"  # fmt: skip


def items(chance: random.Random, depth: int) -> str:
    """Return a random expression whose value is a list."""
    if depth == 0:
        return chance.choice(["rows", "range(200)", "[doc]", "[1, o.log]"])
    one, two = items(chance, depth - 1), text(chance, depth - 1)
    return chance.choice(
        [f"[{two}, {two}]", f"[{two}] * 200", f"({one} + [{one}])", f"[{one}] * 200", f"({one})[::-1]"]
    )


class _Rows:
    """A database with the rows of the context; a statement is the name of its lookup."""

    def select(self, _database: str, sql: str, *_: object) -> list[Any]:
        found = CONTEXT[sql]
        return found if isinstance(found, list) else [found]


def composed(candidate: Candidate) -> str:
    """Compose a template as the function does, and its previous version if it fails; return how it ended."""
    templates = Templates(locale=Locale(labels={"a": {"b": "c"}}))
    now = datetime.now(UTC)
    stage = Stage("bench", {"orders": "C0BENCH"}, "C0BENCH")
    composer = Composer(stage, templates, partial(Sources, _Rows(), NO_API), lambda _: None, lambda: now)
    event, record, notification = Event("w", 1, "1"), Record("1", "{}"), candidate.notification
    try:
        return composer(record, event, notification).rule or "rendered"
    except NotifierError as first:
        try:
            composer(record, event, notification, ["previous"], PREVIOUS_SECONDS)
        except NotifierError:
            return str(first)
        return f"{first}, and then rendered"


def measured(candidate: Candidate) -> dict[str, Any]:
    """Run a template in its own process. Return seconds, megabytes, and how it ended."""
    command = [
        sys.executable,
        "-m",
        "bench.worst_template",
        json.dumps([candidate.text, candidate.when, candidate.block]),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def alone(candidate: Candidate) -> None:
    """Compose a template in this process, and print seconds, megabytes, and how it ended."""
    began = time.process_time()
    ended = composed(candidate)
    seconds = time.process_time() - began
    status = Path("/proc/self/status").read_text("ascii")  # not getrusage: its maximum includes the parent's
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "megabytes": peak / 1024, "ended": ended}))


def main() -> None:
    """Measure all, print the worst, and save the result."""
    candidates = [*WRITTEN, *(one for seed in SEEDS for one in generated(seed))]
    baseline = [measured(SIMPLEST) for _ in range(ROUNDS)]
    if any(one["ended"] != "rendered" for one in baseline):
        sys.exit(f"The simplest template is not rendered: {baseline[0]['ended']}")
    least = {unit: min(one[unit] for one in baseline) for unit in ("seconds", "megabytes")}
    found = [(measured(one), one) for one in candidates]
    print(f"The worst of {len(candidates)} templates:")
    for unit, at_most in (("seconds", SECONDS), ("megabytes", MEGABYTES)):
        found.sort(key=lambda pair: -pair[0][unit])
        worst = [measured(found[0][1])[unit] - least[unit] for _ in range(ROUNDS)]
        for result, one in found[:3]:
            print(f"  {result[unit] - least[unit]:8.2f} {unit}  {result['ended'][:60]:<60} {str(one)[:90]}")
        samples = {"the worst, over the simplest": worst, "the simplest": [one[unit] for one in baseline]}
        name = "worst_template" if unit == "seconds" else "worst_template_memory"
        report(name, samples, {f"{unit} over the simplest": max(worst)}, at_most, script="worst_template", unit=unit)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        alone(Candidate(*json.loads(sys.argv[1])))
    else:
        main()
