"""Removes from a package what the function does not use, above all botocore's models of AWS services.

Code that asks for a service or operation that was removed fails everywhere, not only in the package: handler/aws.py
refuses it.
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

# Parts of dependencies that are for other kinds of programs, and that the notifier never imports. A test collects
# everything that the function can import, now or later.
_UTILITIES: Final = (
    *("auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags", "idempotency"),
    *("kafka", "metadata", "parameters", "parser", "streaming", "typing", "validation"),
)
_SLACK: Final = ("audit_logs", "models/dialogs", "oauth", "rtm", "rtm_v2", "scim", "signature", "socket_mode")
UNUSED: Final = (
    "aws_lambda_powertools/event_handler",  # web APIs
    "aws_lambda_powertools/metrics/provider/datadog",
    *(f"aws_lambda_powertools/utilities/{part}" for part in _UTILITIES),
    "cronsim/explain.py",  # explains an expression in words
    *(f"dateutil/{part}.py" for part in ("easter", "rrule")),  # calendars
    "dateutil/zoneinfo",  # its own time zones; the function uses those of tzdata
    *(f"dns/{part}.py" for part in ("btree", "btreezone", "versioned", "zone", "zonefile")),  # for name servers
    *(f"dns/{part}" for part in ("dnssec.py", "dnssecalgs", "quic/_[a-z]*.py")),  # need cryptography or aioquic
    "jinja2/ext.py",  # more statements for templates, such as for translations
    "slack",  # the old name of slack_sdk
    *(f"slack_sdk/{part}" for part in _SLACK),
    *(f"slack_sdk/*/{kind}_*.py" for kind in ("async", "legacy")),  # clients for asyncio, and clients of older versions
    *(f"tzdata/zoneinfo/*.{kind}" for kind in ("tab", "zi")),  # the same zones as lists, and as one text
    "urllib3/contrib",  # for browsers, pyOpenSSL and SOCKS
)
# The record types that stay in dnspython: those that we query (A, AAAA, SRV), aliases (CNAME, DNAME), and those that
# dnspython imports itself. Others are read as bytes: https://www.rfc-editor.org/rfc/rfc3597
_KEPT_RECORDS: Final = {
    "dns/rdtypes": ("__init__.py", "ANY", "IN", "nsbase.py", "svcbbase.py", "util.py"),
    "dns/rdtypes/ANY": ("__init__.py", "CNAME.py", "DNAME.py", "OPT.py", "PTR.py", "SOA.py", "TSIG.py"),
    "dns/rdtypes/IN": ("__init__.py", "A.py", "AAAA.py", "SRV.py"),
}
# The installer's files about a distribution that stay: its metadata, and its licence.
_KEPT_NOTES: Final = ("METADATA", "LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "AUTHORS*", "licenses")
# The files that creating a client reads (botocore/session.py, botocore/client.py), without pages, waiters and examples.
_KEPT_MODELS: Final = ("service-2*", "endpoint-rule-set-1*")


def prune(folder: Path, operations: Mapping[str, Collection[str]]) -> None:
    """Remove from a package all that the function does not use. `operations` are those to keep, by AWS service.

    Services have botocore's names, operations those of AWS's API. Raises KeyError for an unknown operation. Two builds
    of the same code are equal, because the files of `.dist-info` folders that contain paths and times are removed.
    """
    for pattern in ("bin", ".lock", *UNUSED):
        for unused in list(folder.glob(pattern)):
            _remove(unused)
    for cached in list(folder.rglob("__pycache__")):
        shutil.rmtree(cached)
    for notes in folder.glob("*.dist-info"):
        _keep(notes, _KEPT_NOTES)
    for records, kept in _KEPT_RECORDS.items():
        _keep(folder / records, kept)
    data = folder / "botocore/data"
    if data.is_dir():
        _prune_models(data, operations)


def _prune_models(data: Path, operations: Mapping[str, Collection[str]]) -> None:
    """Keep the newest model of each service, uncompressed: it loads twice as fast, and the zip compresses it anyway."""
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
    """Rewrite a JSON file, compressed or not, as an uncompressed one.

    The old file is replaced, not changed in place: installers use hard links, so other programs may share it.
    """
    packed = path.with_name(f"{path.name}.gz")
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    _remove(packed)
    _remove(path)
    path.write_text(json.dumps(change(json.loads(content)), separators=(",", ":")), "utf-8")


def _trimmed(endpoints: dict[str, Any], services: Collection[str]) -> dict[str, Any]:
    """Return the endpoints of these services only. Parsing all of them costs every cold start 12 ms."""
    for partition in endpoints["partitions"]:
        partition["services"] = {name: one for name, one in partition["services"].items() if name in services}
    return endpoints


def _keep(folder: Path, patterns: Collection[str]) -> None:
    """Delete everything in a folder that matches no pattern. Do nothing if there is no such folder."""
    kept = {path for pattern in patterns for path in folder.glob(pattern)}
    for path in list(folder.glob("*")):
        if path not in kept:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
