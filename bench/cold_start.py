"""Cold import plus first event of the built package, against a peer's, or against the five packages imported together.

`BENCH_PEER=path/to/notify_slack.py` names the function file of terraform-aws-notify-slack, which has neither database
nor ledger. Each sample is a fresh process of Lambda's Python; both sides have valid bytecode.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from bench.measure import interleaved, ratio, report
from bench.warm_event import batch, slack
from lab.aws import TOOLS
from lab.cloud import local_cloud

ROUNDS: Final = 15
AT_MOST: Final = 1.20
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


def main() -> None:
    """Measure, print, and keep the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        with local_cloud(folder) as cloud, slack(cloud) as api_url:
            artefact = cloud.build().parent / "NotifierFunction"
            found = cloud.environment(
                artefact / "catalog.json", NOTIFIER_SLACK=f"bot;api={api_url};ca={folder / 'tls/ca.pem'}"
            )
            environment = {**found, "PYTHONPATH": str(artefact), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
            imports: dict[str, list[float]] = {"our import": []}
            sides = {"our import + first event": _sample(OURS, environment, batch(1042), imports["our import"])}
            other = _other_side(folder, environment, api_url)
            samples = interleaved({**sides, **other}, ROUNDS)
    (peer,) = other
    samples |= {name: values[1:] for name, values in imports.items()}
    ratios = {f"import + first event / {peer}": ratio(samples["our import + first event"], samples[peer])}
    print("A cold start:")
    report("cold_start", samples, ratios, AT_MOST)


def _other_side(folder: Path, environment: Mapping[str, str], api_url: str) -> dict[str, Callable[[], float]]:
    given = os.environ.get("BENCH_PEER")
    if not given:
        return {"five packages": _sample(PACKAGES, environment, {}, [])}
    path = os.pathsep.join([str(Path(given).resolve().parent), environment["PYTHONPATH"]])
    settings = {
        "PYTHONPATH": path, "SLACK_WEBHOOK_URL": f"{api_url}peer", "SLACK_CHANNEL": "c", "SLACK_USERNAME": "u",
        "SLACK_EMOJI": ":x:", "LOG_EVENTS": "False", "SSL_CERT_FILE": str(folder / "tls/ca.pem"),
    }  # fmt: skip
    return {"peer": _sample(PEER, {**environment, **settings}, PEER_EVENT, [])}


def _sample(body: str, environment: Mapping[str, str], event: Any, imports: list[float]) -> Callable[[], float]:
    program = FRAME.replace("{body}", body)

    def sample() -> float:
        ran = subprocess.run(
            [PYTHON, "-c", program],
            input=json.dumps(event),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        imported, done = json.loads(ran.stdout)
        imports.append(imported * 1000)
        return float(done * 1000)

    return sample


if __name__ == "__main__":
    main()
