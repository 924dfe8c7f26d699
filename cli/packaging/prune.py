"""Leaves out of a package what the function cannot use, above all the models of what it does not call at AWS.

What is left out can be missed by nobody but those who ask for it: handler/aws.py refuses a service and an operation
that is not listed.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from cli.packaging.models import of_operations, without_documentation

# Whole parts of dependencies that are for other kinds of programs, and that nothing of ours imports.
_UNUSED: Final = (
    "aws_lambda_powertools/event_handler",  # web APIs
    "dateutil/zoneinfo",  # time zones of its own; the function's are tzdata's
    "slack",  # slack_sdk by its former name
    *(f"slack_sdk/{part}" for part in ("audit_logs", "oauth", "rtm", "rtm_v2", "scim", "socket_mode")),
)
# Of what an installer leaves beside a distribution: what it is, and its licence.
_KEPT_NOTES: Final = ("METADATA", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "AUTHORS*", "licenses")
# What making a client reads (botocore/session.py, botocore/client.py). Pages, waiters and examples are for others.
_KEPT_MODELS: Final = ("service-2*", "endpoint-rule-set-1*")


def prune(folder: Path, operations: Mapping[str, Collection[str]]) -> None:
    """Remove from a package all that its function does not use; of AWS it keeps these operations of each service.

    The services have botocore's names, the operations those of AWS's API; KeyError if there is no such operation. What
    stays is the same for every build of the same code: an installer's notes hold paths and times.
    """
    for name in ("bin", ".lock", *_UNUSED):
        _remove(folder / name)
    for cached in list(folder.rglob("__pycache__")):
        shutil.rmtree(cached)
    for notes in folder.glob("*.dist-info"):
        _keep(notes, _KEPT_NOTES)
    data = folder / "botocore/data"
    if data.is_dir():
        _prune_models(data, operations)


def _prune_models(data: Path, operations: Mapping[str, Collection[str]]) -> None:
    """Keep the newest model of each service, unpacked: that is read twice as fast, and zipped once more anyway."""
    for service in [path for path in data.iterdir() if path.is_dir()]:
        if service.name not in operations:
            shutil.rmtree(service)
            continue
        *older, newest = sorted(service.iterdir())
        for version in older:
            _remove(version)
        _keep(newest, _KEPT_MODELS)
        _rewrite(newest / "service-2.json", partial(of_operations, operations=operations[service.name]))
        _rewrite(newest / "endpoint-rule-set-1.json", without_documentation)
    _rewrite(data / "endpoints.json", partial(_trimmed, services=operations))


def _rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a file of JSON, packed or not; it is unpacked then.

    It becomes a new file: an installer links files, and written in place it would change for every other program.
    """
    packed = path.with_name(f"{path.name}.gz")
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    _remove(packed)
    _remove(path)
    path.write_text(json.dumps(change(json.loads(content)), separators=(",", ":")), "utf-8")


def _trimmed(endpoints: dict[str, Any], services: Collection[str]) -> dict[str, Any]:
    """The list of endpoints without those of other services: parsing all of them costs every cold start 12 ms."""
    for partition in endpoints["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in services}
    return endpoints


def _keep(folder: Path, patterns: Collection[str]) -> None:
    kept = {path for pattern in patterns for path in folder.glob(pattern)}
    for path in list(folder.iterdir()):
        if path not in kept:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
