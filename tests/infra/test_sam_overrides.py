"""What is said of `sam deploy` and its parameters is what the SAM CLI does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from lab.aws import TOOLS
from tests.overrides_kit import FORMS

# As `sam deploy --config-env prod` reads them, before it looks at the template: each folder's, from within it.
READ: Final = """
import json, os, sys
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig
for folder in sys.argv[1:]:
    os.chdir(folder)
    given = SamConfig(folder).get_all(["deploy"], "parameters", "prod")["parameter_overrides"]
    print(json.dumps(CfnParameterOverridesType().convert(given, None, None)))
"""


@pytest.fixture(scope="module")
def understood(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What SAM makes of each form, by one process, as it takes a second to start."""
    folders = {name: tmp_path_factory.mktemp("form") for name in FORMS}
    for name, folder in folders.items():
        FORMS[name].put(folder)
    printed = by_sam(READ, *folders.values())
    return dict(zip(FORMS, map(json.loads, printed.splitlines()), strict=True))


def by_sam(program: str, *arguments: Path) -> str:
    """What a program prints in the environment of the SAM CLI."""
    command = [TOOLS / "sam/bin/python", "-c", program, *arguments]
    env = {"PATH": os.defpath, "HOME": os.devnull, "SAM_CLI_TELEMETRY": "0"}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("name", FORMS)
def test_the_sam_cli_reads_each_form_so(name: str, understood: dict[str, dict[str, str]]) -> None:
    assert understood[name] == FORMS[name].values


def test_the_sam_cli_passes_over_what_the_template_does_not_have() -> None:
    merged = (
        "import json; from samcli.commands.deploy.deploy_context import DeployContext as C;"
        "print(json.dumps(C.merge_parameters({'Parameters': {'A': {}, 'B': {}}}, {'A': '1', 'Unknown': '2'})))"
    )
    assert json.loads(by_sam(merged)) == [
        {"ParameterKey": "A", "ParameterValue": "1"},
        {"ParameterKey": "B", "UsePreviousValue": True},
    ]
