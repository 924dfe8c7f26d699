"""The soak of polls in short (`make soak-poll`): what a poll finds, down to the ledger, while everything goes wrong."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from lab.databases import Pair
from lab.poll_soak.plan import IDS, TIME, WATCHED, planned
from lab.poll_soak.run import soak

ALWAYS = {"killed": 0.4, "overtaken": 0.2, "refused": 0.02, "ambiguous": 0.01, "readers": 1, "digest_rows": None}
TWO = {"readers": 2, "statement_turns": True}
# Of each kind: without digests and with them; one reader, and two that change with each statement; each identity.
PLANS = {
    "ids": (IDS, 600, {"page_size": 100, "sweep_pages": 3, "created": True, **TWO}),
    "ids in digests": (IDS, 600, {"page_size": 100, "sweep_pages": 3, "created": False, "digest_rows": 30}),
    "changes": (WATCHED, 200, {"page_size": 200, "identity": "moment", "changed": True, **TWO}),
    "values in digests": (WATCHED, 300, {"page_size": 200, "identity": "watched", "digest_rows": 30}),
    "times": (TIME, 400, {"page_size": 20, "identity": "", "column": "DATETIME", "longest": 7200.0, "future": False}),
    "new times": (TIME, 400, {"page_size": 20, "identity": "at", "column": "TIMESTAMP(6) NULL", "future": True}),
}


@pytest.mark.parametrize("name", [*PLANS])
def test_what_a_poll_finds_ends_as_one_delivery(breakable_pair: Pair, name: str) -> None:
    """POLL_SEED repeats the choices of a run, though not how its threads meet."""
    kind, rows, changes = PLANS[name]
    given: dict[str, Any] = {**ALWAYS, **changes}
    seed = int(os.environ.get("POLL_SEED") or Random().randrange(10_000))
    print("POLL_SEED", seed)
    result = soak(breakable_pair, replace(planned(seed, rows, kind), **given))
    print(result.line, dict(result.codes), dict(result.met))
    assert result.verdict.violations == []
    assert result.written.committed >= rows
    assert result.killed
    assert bool(result.stood) == (kind != IDS)
    assert bool(result.verdict.digested) == bool(given["digest_rows"])
