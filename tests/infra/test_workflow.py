"""The workflow for GitHub, which runs nowhere else: it calls what is there, by the names that it has."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.stack import ROOT

JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
SCRIPTS = sorted(path for path in (ROOT / ".ci").iterdir() if path.is_file())
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
MADE = re.compile(r"(?:^|[\s;&|])make ([a-z-]+)")


def commands(job: str) -> list[str]:
    return [step["run"] for step in JOBS[job]["steps"] if "run" in step]


@pytest.mark.parametrize("job", JOBS)
def test_a_job_calls_targets_of_the_makefile_and_scripts_that_are_there(job: str) -> None:
    assert commands(job)
    for command in commands(job):
        program = command.split()[0]
        if program == "make":
            assert set(MADE.findall(command)) <= TARGETS
        else:
            assert ROOT / program in SCRIPTS
            assert os.access(ROOT / program, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_calls_targets_of_the_makefile_and_files_that_are_there(script) -> None:
    text = re.sub(r"^ *#.*", "", script.read_text("utf-8"), flags=re.MULTILINE)
    called = set(MADE.findall(text))
    assert called
    assert called <= TARGETS
    for named in re.findall(r"tests/[\w/-]+\.\w+", text):
        assert (ROOT / named).exists(), named


def test_every_script_is_called() -> None:
    called = {command.split()[0] for job in JOBS for command in commands(job)}
    assert {f".ci/{script.name}" for script in SCRIPTS} <= called


@pytest.mark.parametrize("job", JOBS)
def test_an_expression_names_what_the_job_has(job: str) -> None:
    """Neither linter checks this. GitHub replaces an unknown name with an empty text."""
    wanted = re.findall(r"\$\{\{ *([\w.-]+) *\}\}", yaml.safe_dump(JOBS[job], width=10_000))
    known = {f"matrix.{key}" for key in JOBS[job].get("strategy", {}).get("matrix", {})}
    known |= {f"job.services.{name}.id" for name in JOBS[job].get("services", {})}
    assert set(wanted) == known


@pytest.mark.parametrize(
    ("target", "tools"),
    [
        ("setup", {"uv"}),
        ("unit", {"uv"}),
        ("docs", {"uv"}),
        ("build", {"uv", "sam"}),
        ("image", {"uv", "sam"}),
        ("check", {"uv", "sam", "checkov"}),
        ("demo", {"uv", "sam", "ministack", "runtime", "aws"}),
        ("page", {"page"}),
    ],
)
def test_a_target_installs_only_what_it_needs(target: str, tools: set[str], tmp_path: Path) -> None:
    """On a machine that has nothing yet: a release machine builds without the local cloud, and without npm."""
    command = ["make", "--dry-run", f"TOOLS={tmp_path}", target]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    ready = set(re.findall(rf"touch {tmp_path}/(\w+)/\.ready", ran.stdout))
    installed = ready | ({"uv"} if f"venv {tmp_path}/uv" in ran.stdout else set())
    assert installed - {"node"} == tools  # Node only where this machine has no npm
    assert ("npm" in ran.stdout) == ("page" in tools)
