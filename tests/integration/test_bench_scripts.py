"""The benches of the warm event and of the batch still run: each script's `main`, with a few rounds.

Each in a process of its own, as `make bench` runs them: the function keeps what it has read of its settings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from lab.databases import MARIADB, DatabaseMissingError
from lab.databases.software import find
from lab.sam import ROOT

# Two of a side are the fewest that have a spread.
PROGRAM = """
import json, sys
from importlib import import_module
from pathlib import Path
from bench import measure
name, changes, results = sys.argv[1:]
measure.RESULTS = Path(results)
script = import_module(f"bench.{name}")
for constant, value in json.loads(changes).items():
    assert hasattr(script, constant), constant
    setattr(script, constant, value)
script.main()
"""
WARM = {"ROUNDS": 2, "APART_ROUNDS": 2, "PAUSE_SECONDS": 0.0}
BATCH = {"ROUNDS": 2, "SLACK_MILLISECONDS": 1}


@pytest.mark.parametrize(
    ("script", "changes", "kept"),
    [
        ("warm_event", WARM, {"warm_event": "warm event / floor", "warm_event_apart": "warm event / floor"}),
        ("batch", BATCH, {"batch": "batch of ten / floor"}),
    ],
)
def test_a_bench_runs_and_keeps_what_it_measured(
    script: str,
    changes: Mapping[str, float],
    kept: Mapping[str, str],
    tmp_path: Path,
    missing: Callable[[str], NoReturn],
) -> None:
    try:
        find(MARIADB, tmp_path)
    except DatabaseMissingError as error:
        missing(str(error))
    results = tmp_path / "results"
    command = [sys.executable, "-c", PROGRAM, script, json.dumps(changes), str(results)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    documents = {path.stem: json.loads(path.read_text()) for path in results.iterdir()}
    assert documents.keys() == kept.keys()
    for name, document in documents.items():
        (what,) = document["ratios"]
        assert what.startswith(kept[name])
        assert what in ran.stdout
        assert document["command"] == f"python -m bench.{script}"
        assert all(len(samples) == 2 for samples in document["samples"].values())
