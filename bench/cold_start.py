"""A cold start of the shipped package, import and first event, compared with a peer and with no bytecode.

Our side reads a row over TLS, writes its ledger, and posts. The peer, terraform-aws-notify-slack, has neither database
nor ledger. BENCH_PEER is the path of its only file, which is not part of this repository; without it, the other side
imports five packages that ours uses, and posts once. The peer's libraries have bytecode, as ours do; it is not known
whether those of AWS's own runtime have. Also measured are the peak memory, and the first event at the processor share
of the default memory size. Each of our rounds has its own event; a round fails if nothing is posted.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from bench.cold import VERSION, Cold
from bench.events import batch
from bench.measure import interleaved, ratio, report
from bench.quota import Quota, quota
from bench.rig import Rig, running_rig
from lab.sam import ROOT

ROUNDS: Final = 15
AT_MOST: Final = 1.20
BYTECODE_AT_MOST: Final = 0.40
MEMORY_AT_MOST: Final = 1.00
FIRST_EVENT_AT_MOST: Final = 3.0
MILLISECONDS_AT_MOST: Final = 200.0

# The rows of the sample shop.
_numbers: Final = count(1042)

# The database is at localhost, which needs no DNS: for any other name the function imports dnspython to connect.
OURS: Final = """
import handler.app, dns.resolver
class Context:
    aws_request_id = "bench"
    def get_remaining_time_in_millis(self): return 60000
def handle(event):
    assert handler.app.lambda_handler(event, Context()) == {"batchItemFailures": []}
"""
PEER: Final = """
import notify_slack
def handle(event):
    notify_slack.lambda_handler(event, None)
"""
# Replaces the peer if its file is missing. It posts as the peer does.
PACKAGES: Final = """
import boto3, pymysql, slack_sdk, aws_lambda_powertools, jinja2
from urllib.request import Request, urlopen
def handle(event):
    urlopen(Request(os.environ["SLACK_WEBHOOK_URL"], b"{}")).read()
"""
# The event that CloudWatch publishes, which the peer handles.
ALARM: Final = {
    "AlarmName": "errors",
    "AlarmDescription": "d",
    "AWSAccountId": "1",
    "NewStateValue": "ALARM",
    "NewStateReason": "r",
    "StateChangeTime": "2026-01-05T10:00:00.000+0000",
    "Region": "US East (N. Virginia)",
    "OldStateValue": "OK",
}
SNS: Final = {
    "TopicArn": "arn:aws:sns:us-east-1:1:a",
    "Subject": "ALARM",
    "Timestamp": "2026-01-05T10:00:00.000Z",
    "Message": json.dumps(ALARM),
    "MessageAttributes": {},
}
PEER_EVENT: Final = {
    "Records": [{"EventSource": "aws:sns", "EventSubscriptionArn": "arn:aws:sns:us-east-1:1:a:b", "Sns": SNS}]
}


def main() -> None:
    """Measure, print, and save the results."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name, quota(default_memory()) as share:
        other = "peer" if os.environ.get("BENCH_PEER") else "five packages"
        sides = _measured(Path(name), share, other)
    samples = {name: [a + b for a, b in zip(one.imports, one.events, strict=True)] for name, one in sides.items()}
    print("A cold start, import and first event:")
    both = {name: samples[name] for name in ("ours", other)}
    _report("cold_start", both, f"import + first event / {other}", AT_MOST)
    print("What bytecode saves:")
    imports = {name: sides[name].imports for name in ("ours", "ours without bytecode")}
    _report("bytecode", imports, "import / without bytecode", BYTECODE_AT_MOST)
    print("Memory at its peak:")
    peaks = {name: sides[name].peaks for name in ("ours", other)}
    _report("memory", peaks, f"peak / {other}", MEMORY_AT_MOST, unit="MiB")
    print(f"The first event with {default_memory()} MB, which is {share.share:.1%} of a processor, by {share.how}:")
    events = {name: sides[f"{name}, limited"].events for name in ("ours", other)}
    _report("first_event", events, f"first event / {other}", FIRST_EVENT_AT_MOST)
    whole = {"milliseconds of the first event": statistics.median(events["ours"])}
    report("first_event_milliseconds", events, whole, MILLISECONDS_AT_MOST, script="cold_start", python=VERSION)


def default_memory() -> int:
    """Return the function's default memory size in MB."""
    template = YAML().load((ROOT / "template.yaml").read_text("utf-8"))
    return int(template["Parameters"]["MemorySize"]["Default"])


def _measured(folder: Path, share: Quota, other: str) -> dict[str, Cold]:
    """Run every side, and return its samples without the first round."""
    with running_rig(folder) as rig:
        artefact = rig.cloud.build().parent / "NotifierFunction"
        bare = shutil.copytree(artefact, folder / "bare", ignore=shutil.ignore_patterns("__pycache__"))
        ours, peer = function(rig, artefact), _other_side(folder, rig, artefact)
        sides = {
            "ours": ours(), other: peer(), "ours without bytecode": function(rig, bare)(),
            "ours, limited": ours(quota=share), f"{other}, limited": peer(quota=share),
        }  # fmt: skip
        interleaved({name: rig.posting(side) for name, side in sides.items()}, ROUNDS)
    for side in sides.values():
        side.forget_first()
    return sides


def function(rig: Rig, artefact: Path) -> Callable[..., Cold]:
    """Return a factory of cold functions from a built package. Each event is about its own row."""
    environment = {
        **rig.environment(artefact / "catalog.json"),
        "PYTHONPATH": str(artefact),
        "PYTHONDONTWRITEBYTECODE": "1",  # as with a read-only package
    }
    return partial(Cold, OURS, environment, map(batch, _numbers).__next__)


def _other_side(folder: Path, rig: Rig, artefact: Path) -> Callable[..., Cold]:
    """Return a factory of the peer, or of its replacement. Its first round compiles its bytecode and does not count."""
    given = os.environ.get("BENCH_PEER")
    environment = {
        **rig.environment(folder), "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONPATH": str(Path(given).resolve().parent if given else artefact),
        "SLACK_WEBHOOK_URL": f"{rig.slack}peer", "SLACK_CHANNEL": "c", "SLACK_USERNAME": "u", "SLACK_EMOJI": ":x:",
        "LOG_EVENTS": "False",
    }  # fmt: skip
    return partial(Cold, PEER if given else PACKAGES, environment, lambda: PEER_EVENT)


def _report(name: str, samples: dict[str, list[float]], what: str, at_most: float, unit: str = "ms") -> None:
    report(name, samples, {what: ratio(*samples.values())}, at_most, script="cold_start", unit=unit, python=VERSION)


if __name__ == "__main__":
    main()
