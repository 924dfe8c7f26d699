"""What ships: small, complete, and no more than it needs when it starts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.aws import TOOLS

MAX_ZIPPED_BYTES = 10 * 1024 * 1024
# Each costs a cold start a tenth of a second or more, and is needed later or never.
LATE_OR_NEVER = {
    "boto3",
    "botocore.session",
    "botocore.client",
    "s3transfer",
    "aws_xray_sdk",
    "dns",
    "yaml",
    "ruamel",
    "sqlglot",
    "click",
    "cli",
    "lab",
}


@pytest.fixture(scope="module")
def imported(artefact: Path) -> set[str]:
    """All that Lambda's Python has loaded once the function can take its first event."""
    program = "import sys, handler.app; print(*sys.modules)"
    ran = subprocess.run(
        [TOOLS / "runtime/bin/python", "-B", "-c", program],
        env={"PYTHONPATH": str(artefact)},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.split())


def test_the_package_is_small(artefact: Path, tmp_path: Path) -> None:
    zipped = Path(shutil.make_archive(str(tmp_path / "function"), "zip", artefact))
    assert zipped.stat().st_size < MAX_ZIPPED_BYTES


def test_the_package_holds_the_function_and_its_dependencies_alone(artefact: Path) -> None:
    names = {path.name for path in artefact.iterdir() if not path.name.endswith(".dist-info")}
    assert {
        "handler",
        "catalog.json",
        "jinja2",
        "pymysql",
        "slack_sdk",
        "urllib3",
        "aws_lambda_powertools",
        "dns",
    } <= names
    assert not names & {"cli", "lab", "tests", "bench", "templates", "boto3", "botocore", "bin"}
    assert not list(artefact.rglob("*.pem"))


def test_it_starts_without_what_it_needs_later_or_never(imported: set[str]) -> None:
    assert imported & LATE_OR_NEVER == set()
    assert {"handler", "jinja2", "pymysql", "slack_sdk", "urllib3"} <= imported
