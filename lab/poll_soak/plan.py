"""What the seed of a soak decides."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

WRITERS: Final = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """A soak until so many `rows` are committed.

    The poll looks at `slice_size` ids in one statement, and goes on with at most `sweep_slices` of older ones in one
    run. More than `digest_rows` new rows are one message (None: never). With `created` it has canaries. `readers` is
    how many database servers take turns; of two, one is the primary. `statement_turns` says whether they change with
    each statement, and not with each run. The rest are shares: of invocations that are killed, of runs in which
    another run begins that ends first, of statements that fail, of posts whose outcome is unknown.
    """

    seed: int
    rows: int
    digest_rows: int | None
    longest: float
    slice_size: int
    sweep_slices: int
    created: bool
    readers: int
    statement_turns: bool
    killed: float
    overtaken: float
    refused: float
    ambiguous: float

    @property
    def line(self) -> str:
        """In words."""
        digest = f"digest above {self.digest_rows}" if self.digest_rows else "no digest"
        readers = (
            "one reader" if self.readers == 1 else f"two readers by {'statement' if self.statement_turns else 'run'}"
        )
        slices = f"{self.sweep_slices} x {self.slice_size} ids"
        return f"{digest}, {readers}, {slices}, {'canaries' if self.created else 'ids alone'}"


def planned(seed: int, rows: int) -> Plan:
    """Return the plan of a seed; the same for the same arguments."""
    random = Random(f"poll {seed}")
    return Plan(
        seed=seed,
        rows=rows,
        digest_rows=random.choice([None, None, 30, 150]),
        longest=random.choice([120.0, 600.0, 86_400.0]),
        slice_size=random.choice([50, 200, 1000]),
        sweep_slices=random.choice([1, 3, 10]),
        created=random.random() < 0.7,
        readers=random.choice([1, 1, 2]),
        statement_turns=random.random() < 0.3,
        killed=random.choice([0.2, 0.4, 0.6]),
        overtaken=random.choice([0.0, 0.1, 0.3]),
        refused=random.choice([0.0, 0.0, 0.02]),
        ambiguous=random.choice([0.0, 0.01]),
    )
