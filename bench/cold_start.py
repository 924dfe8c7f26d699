"""A cold start of the package as it ships: import and first event, against a peer's, and without its bytecode.

Ours reads a row over TLS, writes its ledger, and posts; the peer, terraform-aws-notify-slack, has neither database nor
ledger. Its one file is given by BENCH_PEER, and belongs to nobody here; without it the other side is the import of the
packages that ours is made of. The peer's libraries have their bytecode, as ours do; whether those of AWS's own runtime
have is not known. Beside the time: the memory at its peak.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.measure import interleaved, ratio, report
from bench.warm_event import batch, slack
from lab.aws import TOOLS
from lab.cloud import local_cloud

ROUNDS: Final = 15
AT_MOST: Final = 1.20
BYTECODE_AT_MOST: Final = 0.40
MEMORY_AT_MOST: Final = 1.05
OURS_SHIPPED: Final = "ours, import + first event"
PYTHON: Final = TOOLS / "runtime/bin/python"

OURS: Final = """
import handler.app
class Context:
    aws_request_id = "bench"
    def get_remaining_time_in_millis(self): return 60000
imported()
assert handler.app.lambda_handler(event, Context()) == {"batchItemFailures": []}
"""
PEER: Final = """
import notify_slack
imported()
notify_slack.lambda_handler(event, None)
"""
PACKAGES: Final = """
import boto3, pymysql, slack_sdk, aws_lambda_powertools, jinja2
imported()
"""
# Both moments are taken inside the process, and it ends at once: taking Python down is no part of a cold start.
FRAME: Final = """
import json, os, sys, time
event = json.load(sys.stdin)
out, sys.stdout = sys.stdout, open(os.devnull, "w")
began = time.perf_counter()
moments = []
imported = lambda: moments.append(time.perf_counter() - began)
{body}
moments.append(time.perf_counter() - began)
[peak] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
moments.append(int(peak.split()[1]) / 1024)
out.write(json.dumps(moments)); out.flush(); os._exit(0)
"""
# What CloudWatch publishes: the peer's own kind of event.
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


@dataclass
class Cold:
    """A process that starts anew for each sample. `imports` are its milliseconds until then, `peaks` MiB of memory."""

    program: str
    environment: Mapping[str, str]
    event: Any
    imports: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Run once, and return the milliseconds of import and first event."""
        ran = subprocess.run(
            [PYTHON, "-c", FRAME.replace("{body}", self.program)],
            input=json.dumps(self.event),
            env=self.environment,
            cwd="/",  # Python looks there first
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        imported, done, peak = json.loads(ran.stdout)
        self.imports.append(imported * 1000)
        self.peaks.append(peak)
        return float(done * 1000)


def main() -> None:
    """Measure, print, and keep the results."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        with local_cloud(folder) as cloud, slack(cloud) as api_url:
            artefact = cloud.build().parent / "NotifierFunction"
            bare = shutil.copytree(artefact, folder / "bare", ignore=shutil.ignore_patterns("__pycache__"))
            settings = f"bot;api={api_url};ca={folder / 'tls/ca.pem'}"
            found = cloud.environment(artefact / "catalog.json", NOTIFIER_SLACK=settings)
            lambdas = {**found, "PYTHONDONTWRITEBYTECODE": "1"}  # as where the package is read-only
            shipped = Cold(OURS, {**lambdas, "PYTHONPATH": str(artefact)}, batch(1042))
            uncompiled = Cold(OURS, {**lambdas, "PYTHONPATH": str(bare)}, batch(1043))
            peer_name, peer = _other_side(folder, found, api_url)
            sides = {OURS_SHIPPED: shipped, peer_name: peer, "ours without bytecode": uncompiled}
            samples = interleaved(sides, ROUNDS)
    own = f"import + first event / {peer_name}"
    print("A cold start:")
    report("cold_start", samples, {own: ratio(samples[OURS_SHIPPED], samples[peer_name])}, AT_MOST)
    imports = {"our import": shipped.imports[1:], "our import without bytecode": uncompiled.imports[1:]}
    print("What bytecode saves:")
    report(
        "bytecode", imports, {"import / without bytecode": ratio(*imports.values())}, BYTECODE_AT_MOST,
        script="cold_start",
    )  # fmt: skip
    peaks = {"ours": shipped.peaks[1:], peer_name: peer.peaks[1:]}
    print("Memory at its peak:")
    report(
        "memory", peaks, {f"peak / {peer_name}": ratio(*peaks.values())}, MEMORY_AT_MOST,
        script="cold_start", unit="MiB",
    )  # fmt: skip


def _other_side(folder: Path, environment: Mapping[str, str], api_url: str) -> tuple[str, Cold]:
    """The peer, or what stands for it. Its first round, which is not counted, makes its bytecode."""
    compiled = {**environment, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    given = os.environ.get("BENCH_PEER")
    if not given:
        return "five packages", Cold(PACKAGES, compiled, {})
    settings = {
        "PYTHONPATH": str(Path(given).resolve().parent), "SLACK_WEBHOOK_URL": f"{api_url}peer", "SLACK_CHANNEL": "c",
        "SLACK_USERNAME": "u", "SLACK_EMOJI": ":x:", "LOG_EVENTS": "False",
        "SSL_CERT_FILE": str(folder / "tls/ca.pem"),
    }  # fmt: skip
    return "peer", Cold(PEER, {**compiled, **settings}, PEER_EVENT)


if __name__ == "__main__":
    main()
