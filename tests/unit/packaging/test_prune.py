"""What is left out of the package, and that nobody asks for it."""

from __future__ import annotations

import ast
import gzip
import json
from pathlib import Path
from typing import get_args

import pytest

from cli.packaging.prune import prune
from handler import aws
from handler.places import SecretsStore
from lab.sam import ROOT

ENDPOINTS = {"partitions": [{"partition": "aws", "services": {"sqs": {"endpoints": {}}, "ec2": {"endpoints": {}}}}]}


def put(folder: Path, path: str, content: bytes = b"") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_of_a_service_the_newest_model_is_left_and_of_others_nothing(tmp_path: Path) -> None:
    data = "botocore/data"
    for path in ("sqs/2012-11-05/service-2.json.gz", "sqs/2010-01-01/service-2.json.gz", "ec2/2016/service-2.json.gz"):
        put(tmp_path, f"{data}/{path}", gzip.compress(b'{"a": 1}'))
    put(tmp_path, f"{data}/sqs/2012-11-05/waiters-2.json")
    put(tmp_path, f"{data}/sqs/2012-11-05/endpoint-rule-set-1.json.gz", gzip.compress(b"{}"))
    put(tmp_path, f"{data}/endpoints.json", json.dumps(ENDPOINTS).encode())
    put(tmp_path, f"{data}/_retry.json")
    prune(tmp_path, {"sqs"})
    newest = f"{data}/sqs/2012-11-05"
    assert left(tmp_path) == {
        f"{newest}/service-2.json",
        f"{newest}/endpoint-rule-set-1.json",
        f"{data}/endpoints.json",
        f"{data}/_retry.json",
    }
    assert (tmp_path / newest / "service-2.json").read_text() == '{"a": 1}'
    [partition] = json.loads((tmp_path / data / "endpoints.json").read_text())["partitions"]
    assert partition == {"partition": "aws", "services": {"sqs": {"endpoints": {}}}}


def test_what_an_installer_has_linked_is_not_changed_elsewhere(tmp_path: Path) -> None:
    original = json.dumps(ENDPOINTS).encode()
    put(tmp_path, "cache/endpoints.json", original)
    (tmp_path / "package/botocore/data").mkdir(parents=True)
    (tmp_path / "package/botocore/data/endpoints.json").hardlink_to(tmp_path / "cache/endpoints.json")
    prune(tmp_path / "package", {"sqs"})
    assert (tmp_path / "cache/endpoints.json").read_bytes() == original
    assert (tmp_path / "package/botocore/data/endpoints.json").read_bytes() != original


def test_of_an_installers_notes_the_name_and_the_licence_are_left(tmp_path: Path) -> None:
    notes = "jinja2-3.1.6.dist-info"
    for name in ("METADATA", "RECORD", "INSTALLER", "licenses/LICENSE.txt", "REQUESTED", "WHEEL", "direct_url.json"):
        put(tmp_path, f"{notes}/{name}")
    for path in ("bin/jmespath", "handler/app.py", "handler/__pycache__/app.cpython-311.pyc", ".lock"):
        put(tmp_path, path)
    prune(tmp_path, ())
    assert left(tmp_path) == {f"{notes}/METADATA", f"{notes}/licenses/LICENSE.txt", "handler/app.py"}


def clients(source: Path) -> set[str]:
    """The services that a module asks `aws.client` for by name."""
    calls = [node for node in ast.walk(ast.parse(source.read_text("utf-8"))) if isinstance(node, ast.Call)]
    asked = [call for call in calls if ast.unparse(call.func) == "aws.client" and call.args]
    return {str(ast.literal_eval(call.args[0])) for call in asked if isinstance(call.args[0], ast.Constant)}


def test_the_list_has_what_the_function_asks_for_and_nothing_else() -> None:
    asked = {service for source in (ROOT / "handler").rglob("*.py") for service in clients(source)}
    assert asked | set(get_args(SecretsStore)) == set(aws.SERVICES)


def test_a_service_that_is_not_listed_is_refused_here_as_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(LookupError, match="ec2 is not in SERVICES"):
        aws.client("ec2")
