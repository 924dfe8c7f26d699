"""Runs commands from the guides, with a fake `sam` that prints how the real SAM CLI parses its command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lab.aws import TOOLS
from tests.infra.stack import ROOT, TEMPLATE, translated

EXAMPLES: Final = [
    example
    for page in ("docs/discovery.md", "docs/deploy.md")
    for example in re.findall(r"^ *```sh\n(.*?)^ *```", (ROOT / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
]
_SIGN: Final = "parameters: "
_UNDERSTOOD: Final = f"""
import json, sys
from samcli.commands.deploy.command import cli
print({_SIGN!r} + json.dumps(cli.make_context("sam deploy", sys.argv[2:]).params["parameter_overrides"]))
"""


def install_sam(folder: Path) -> None:
    """Copy the application's files into a folder, with a fake `sam` that only parses its arguments."""
    for path in (TEMPLATE, ROOT / "samconfig.toml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (folder / "understood.py").write_text(_UNDERSTOOD, "utf-8")
    sam = folder / ".tools/sam/bin/sam"
    sam.parent.mkdir(parents=True)
    sam.write_text(f'#!/bin/sh\nexec "{TOOLS}/sam/bin/python" "{folder}/understood.py" "$@"\n', "utf-8")
    sam.chmod(0o755)


def run(script: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run an example in a folder, and return its output."""
    path = f"{TOOLS / 'aws/bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**environment, "PATH": path, "HOME": str(folder), "SAM_CLI_TELEMETRY": "0"}
    command = ["bash", "-euo", "pipefail", "-c", script]
    ran = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def parameters(printed: str) -> dict[str, str]:
    """Return the parameters of the only `sam deploy` in an example, as parsed."""
    [found] = [line.removeprefix(_SIGN) for line in printed.splitlines() if line.startswith(_SIGN)]
    return dict(json.loads(found))


def refused(given: Mapping[str, str]) -> set[str]:
    """Return the parameters that the template does not have, or whose values CloudFormation rejects."""
    known = translated()["Parameters"]
    patterns = {name: known[name]["AllowedPattern"] for name in given.keys() & known.keys()}
    return given.keys() - known.keys() | {
        name for name, pattern in patterns.items() if not re.fullmatch(pattern, given[name])
    }
