"""A warm event against its floor: the same SELECT, render, ledger writes and kept-alive TLS POST in a bare loop.

Both sides read the same row from the same replica, write the ledger before and after the post, and post the same text
to the same server; ours through the function's entry point, with everything that it does beside.
"""

from __future__ import annotations

import io
import json
import os
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Final

import jinja2
import pymysql
import urllib3

from bench.measure import interleaved, ratio, report, timed
from cli import compiler
from lab.cloud import SLACK_TOKEN, LocalCloud, local_cloud
from lab.processes import child, free_port, listening, wait_until
from lab.sam import ROOT

ROUNDS: Final = 300
AT_MOST: Final = 1.6
TYPE: Final = "order.created"


class Context:
    """An invocation with time to spare."""

    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """A minute."""
        return 60_000


def batch(number: int) -> dict[str, Any]:
    """One event, as the queue hands it over."""
    envelope = {"Type": "Notification", "MessageId": f"m-{number}", "Message": json.dumps({"type": TYPE, "id": number})}
    record = {"messageId": f"r-{number}", "eventSource": "aws:sqs", "body": json.dumps(envelope), "attributes": {}}
    return {"Records": [record]}


@contextmanager
def slack(cloud: LocalCloud, milliseconds: int = 0) -> Iterator[str]:
    """Run the Slack that only says yes, after so long, and yield its API's address."""
    port, tls = free_port(), cloud.folder / "tls"
    command = [sys.executable, "-m", "bench.slack", str(port), str(tls / "slack.pem"), str(tls / "slack.key")]
    command.append(str(milliseconds))
    with child(command, cwd=ROOT, log=cloud.folder / "bench-slack.log") as process:
        wait_until(lambda: listening(port), "the bench's Slack", 10, process)
        yield f"https://localhost:{port}/api/"


def main() -> None:
    """Measure, print, and keep the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        compilation = compiler.compile_templates(ROOT / "templates")
        compiler.write(compilation, folder / "catalog.json")
        with local_cloud(folder) as cloud, slack(cloud) as api_url:
            changes = {
                "NOTIFIER_SLACK": f"bot;api={api_url};ca={folder / 'tls/ca.pem'}",
                "POWERTOOLS_LOG_LEVEL": "INFO",
            }
            os.environ.update(cloud.environment(folder / "catalog.json", **changes))
            sides = {"warm event": timed(_ours()), "floor": timed(_floor(cloud, api_url, compilation))}
            samples = interleaved(sides, ROUNDS)
    print("A warm event:")
    report("warm_event", samples, {"warm event / floor": ratio(samples["warm event"], samples["floor"])}, AT_MOST)


def _ours() -> Callable[[], None]:
    from handler import app

    app.logger.registered_handler.stream = io.StringIO()  # type: ignore[attr-defined]
    numbers = iter(range(1042, 10_000))

    def event() -> None:
        with redirect_stdout(io.StringIO()):  # the metrics
            assert app.lambda_handler(batch(next(numbers)), Context()) == {"batchItemFailures": []}

    return event


def _floor(cloud: LocalCloud, api_url: str, compilation: compiler.Compilation) -> Callable[[], None]:
    (template,) = [one for one in compilation.catalog["notifications"] if one["name"] == TYPE]
    (lookup,) = template["lookups"]
    reader, replica = cloud.database.reader, cloud.database.replica
    tls = ssl.create_default_context(cafile=str(cloud.database.ca))
    connection = pymysql.connect(
        host="localhost", port=replica.port, user=reader.user, password=reader.password, database="shop",
        ssl=tls, autocommit=True, cursorclass=pymysql.cursors.DictCursor,
    )  # fmt: skip
    http = urllib3.PoolManager(ssl_context=tls)
    filters = jinja2.Environment(autoescape=False)
    filters.filters["money"] = lambda value, currency: f"{value:,.2f} {currency}"
    text = filters.from_string(template["text"]["source"])
    headers = {"Authorization": f"Bearer {SLACK_TOKEN}", "Content-Type": "application/json"}
    dynamodb, table = cloud.aws.client("dynamodb"), cloud.aws.create_state_table("state")
    numbers = iter(range(1042, 10_000))

    def write(number: int, phase: str) -> None:
        key = {"pk": {"S": f"floor#{number}"}, "sk": {"S": TYPE}}
        dynamodb.put_item(TableName=table, Item={**key, "phase": {"S": phase}, "at": {"N": str(time.time())}})

    def event() -> None:
        number = next(numbers)
        with connection.cursor() as cursor:
            cursor.execute(lookup["sql"], {"id": number})
            row = cursor.fetchone()
        said = {"channel": "C0LABORDERS", "text": text.render({lookup["name"]: row, "id": number})}
        write(number, "sending")
        assert http.request("POST", f"{api_url}chat.postMessage", json=said, headers=headers).json()["ok"]
        write(number, "delivered")

    return event


if __name__ == "__main__":
    main()
