"""What is left out of the package."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import jinja2
import pytest

from cli.packaging.prune import UNUSED, prune

ENDPOINTS = {"partitions": [{"partition": "aws", "services": {"sqs": {"endpoints": {}}, "ec2": {"endpoints": {}}}}]}
MODEL = {"metadata": {"serviceId": "SQS"}, "operations": {"Send": {}, "Receive": {}}, "shapes": {}}
RULES = {"version": "1.0", "parameters": {"Region": {"type": "String", "documentation": "Where."}}}


def put(folder: Path, path: str, content: bytes = b"") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_of_a_service_the_newest_model_is_left_and_of_others_nothing(tmp_path: Path) -> None:
    data = "botocore/data"
    for path in ("sqs/2012-11-05/service-2.json.gz", "sqs/2010-01-01/service-2.json.gz", "ec2/2016/service-2.json.gz"):
        put(tmp_path, f"{data}/{path}", gzip.compress(json.dumps(MODEL).encode()))
    put(tmp_path, f"{data}/sqs/2012-11-05/waiters-2.json")
    put(tmp_path, f"{data}/sqs/2012-11-05/endpoint-rule-set-1.json.gz", gzip.compress(json.dumps(RULES).encode()))
    put(tmp_path, f"{data}/endpoints.json", json.dumps(ENDPOINTS).encode())
    put(tmp_path, f"{data}/_retry.json")
    prune(tmp_path, {"sqs": ("Send",)})
    newest = f"{data}/sqs/2012-11-05"
    assert left(tmp_path) == {
        f"{newest}/service-2.json",
        f"{newest}/endpoint-rule-set-1.json",
        f"{data}/endpoints.json",
        f"{data}/_retry.json",
    }
    assert json.loads((tmp_path / newest / "service-2.json").read_text()) == {**MODEL, "operations": {"Send": {}}}
    assert json.loads((tmp_path / newest / "endpoint-rule-set-1.json").read_text())["parameters"] == {
        "Region": {"type": "String"}
    }
    [partition] = json.loads((tmp_path / data / "endpoints.json").read_text())["partitions"]
    assert partition == {"partition": "aws", "services": {"sqs": {"endpoints": {}}}}


def test_what_an_installer_has_linked_is_not_changed_elsewhere(tmp_path: Path) -> None:
    original = json.dumps(ENDPOINTS).encode()
    put(tmp_path, "cache/endpoints.json", original)
    (tmp_path / "package/botocore/data").mkdir(parents=True)
    (tmp_path / "package/botocore/data/endpoints.json").hardlink_to(tmp_path / "cache/endpoints.json")
    prune(tmp_path / "package", {"sqs": ()})
    assert (tmp_path / "cache/endpoints.json").read_bytes() == original
    assert (tmp_path / "package/botocore/data/endpoints.json").read_bytes() != original


def test_of_an_installers_notes_the_name_and_the_licence_are_left(tmp_path: Path) -> None:
    notes = "jinja2-3.1.6.dist-info"
    for name in ("METADATA", "RECORD", "INSTALLER", "licenses/LICENSE.txt", "REQUESTED", "WHEEL", "direct_url.json"):
        put(tmp_path, f"{notes}/{name}")
    for path in ("bin/jmespath", "handler/app.py", "handler/__pycache__/app.cpython-311.pyc", ".lock"):
        put(tmp_path, path)
    prune(tmp_path, {})
    assert left(tmp_path) == {f"{notes}/METADATA", f"{notes}/licenses/LICENSE.txt", "handler/app.py"}


def test_what_is_for_other_programs_is_removed_and_what_stands_beside_it_is_left(tmp_path: Path) -> None:
    removed = {
        "aws_lambda_powertools/utilities/parser/models/sqs.py",
        "dns/dnssecalgs/rsa.py",
        "dns/quic/_sync.py",
        "dns/rdtypes/ANY/MX.py",
        "dns/rdtypes/CH/A.py",
        "slack_sdk/web/async_client.py",
        "slack_sdk/http_retry/async_handler.py",
        "tzdata/zoneinfo/zone.tab",
    }
    kept = {
        "aws_lambda_powertools/utilities/jmespath_utils/__init__.py",
        "dns/asyncquery.py",
        "dns/quic/__init__.py",
        "dns/rdtypes/ANY/CNAME.py",
        "dns/rdtypes/IN/SRV.py",
        "slack_sdk/web/client.py",
        "tzdata/zoneinfo/Asia/Tokyo",
    }
    for path in removed | kept:
        put(tmp_path, path)
    prune(tmp_path, {})
    assert left(tmp_path) == kept


@pytest.mark.parametrize("pattern", UNUSED)
def test_each_part_that_is_left_out_exists(pattern: str) -> None:
    """A dependency may rename one, which would then ship again."""
    assert list(Path(jinja2.__file__).parents[1].glob(pattern))
