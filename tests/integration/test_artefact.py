"""What ships: small, complete, and no more than it needs when it starts."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from handler import aws
from lab import sam
from lab.aws import TOOLS
from lab.sam import ROOT

# bench/size.py holds it to less; this leaves dependencies some room.
MAX_ZIPPED_BYTES = 6_000_000
# Each costs a cold start up to a tenth of a second, and is needed later or never.
LATE_OR_NEVER = {
    "boto3",
    "botocore.session",
    "botocore.client",
    "s3transfer",
    "aws_xray_sdk",
    "handler.adapters.traced",
    "handler.health",
    "dns",
    "cronsim",
    "difflib",
    "yaml",
    "ruamel",
    "sqlglot",
    "click",
    "cli",
    "lab",
}


def run(artefact: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program beside the package alone, with Lambda's Python."""
    command = [TOOLS / "runtime/bin/python", "-B", "-c", program, *arguments]
    env = {"PYTHONPATH": str(artefact), **environment}
    return subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=True)


@pytest.fixture(scope="module")
def imported(artefact: Path) -> set[str]:
    """All that Lambda's Python has loaded once the function can take its first event."""
    return set(run(artefact, "import sys, handler.app; print(*sys.modules)").stdout.split())


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
        "cronsim",
    } <= names
    assert not names & {"cli", "lab", "tests", "bench", "templates", "boto3", "s3transfer", "bin"}
    certificates = {path.relative_to(artefact).as_posix() for path in artefact.rglob("*.pem")}
    assert certificates == {"botocore/cacert.pem", "handler/aws_roots.pem"}


def test_the_package_knows_the_operations_that_the_function_calls_and_no_others(artefact: Path) -> None:
    models = artefact / "botocore/data"
    known = {path.parts[-3]: json.loads(path.read_bytes()) for path in models.rglob("service-2.json")}
    assert {service: tuple(model["operations"]) for service, model in known.items()} == aws.OPERATIONS
    assert {path.name for path in models.iterdir() if path.is_dir()} == set(known)
    assert not list(models.rglob("*.gz"))


@pytest.mark.parametrize("service", [*aws.SERVICES])
def test_a_client_is_made_from_what_ships(artefact: Path, service: str) -> None:
    program = f"from handler import aws; print(aws.client({service!r}).meta.endpoint_url)"
    ran = run(artefact, program, AWS_DEFAULT_REGION="eu-west-1")
    assert (ran.stdout.strip(), ran.stderr) == (f"https://{service}.eu-west-1.amazonaws.com", "")


def test_what_ships_finds_amazons_roots(artefact: Path) -> None:
    program = "from handler import aws, aws_roots; print(aws_roots.verify(aws._session()))"
    ran = run(artefact, program, AWS_DEFAULT_REGION="eu-west-1")
    assert ran.stdout.strip() == str(artefact / "handler/aws_roots.pem")


def test_every_source_has_bytecode_that_is_taken_unchecked(artefact: Path) -> None:
    """PEP 552: the magic number, then flags, of which 1 says "by hash" and 2 "check it"."""
    if not (artefact / "handler/__pycache__").is_dir():
        pytest.skip("there is no Python 3.13 on this machine, so the build ships no bytecode")
    magic = run(artefact, "import importlib.util, sys; sys.stdout.write(importlib.util.MAGIC_NUMBER.hex())").stdout
    for source in artefact.rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        header = compiled.read_bytes()[:8]
        assert (header[:4].hex(), int.from_bytes(header[4:], "little")) == (magic, 1), compiled


def test_nothing_in_the_package_tells_where_it_was_built(artefact: Path) -> None:
    places = [str(ROOT).encode(), str(artefact).encode()]
    told = [path for path in artefact.rglob("*") if path.is_file() and any(one in path.read_bytes() for one in places)]
    assert told == []


def test_two_builds_are_the_same_to_the_byte(artefact: Path, tmp_path: Path) -> None:
    again = sam.build(tmp_path).parent / "NotifierFunction"
    assert contents(again) == contents(artefact)


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """Each file of a package by its path: whether it can be run, and a hash of what is in it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mode & 0o111, sha256(path.read_bytes()).hexdigest())
        for path in files
    }


def test_it_starts_without_what_it_needs_later_or_never(imported: set[str]) -> None:
    assert imported & LATE_OR_NEVER == set()
    assert {"handler", "jinja2", "pymysql", "slack_sdk", "urllib3"} <= imported
