"""A batch of ten events for ten channels against one event, with a Slack that takes 80 ms: posts overlap, or add up."""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from itertools import count
from pathlib import Path
from typing import Any, Final

from bench.measure import interleaved, ratio, report, timed
from bench.warm_event import Context, slack
from cli import compiler
from lab.cloud import local_cloud

ROUNDS: Final = 30
AT_MOST: Final = 1.20
SLACK_MILLISECONDS: Final = 80
CHANNELS: Final = 10
TEMPLATE: Final = """
id: integer
channel: c{number}
lookups:
  order:
    sql: SELECT number FROM orders WHERE id = :id
text: "{{{{ order.number }}}}"
samples:
  one: {{id: 1042, lookups: {{order: {{number: T-001042}}}}}}
"""


def main() -> None:
    """Measure, print, and keep the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        _compile(folder)
        with local_cloud(folder) as cloud, slack(cloud, SLACK_MILLISECONDS) as api_url:
            settings = f"bot;api={api_url};ca={folder / 'tls/ca.pem'}"
            os.environ.update(cloud.environment(folder / "catalog.json", NOTIFIER_SLACK=settings))
            numbers = count(1)
            sides = {"batch of ten": timed(_batch(CHANNELS, numbers)), "one event": timed(_batch(1, numbers))}
            samples = interleaved(sides, ROUNDS)
    print(f"A batch, with a Slack that takes {SLACK_MILLISECONDS} ms:")
    ratios = {"batch of ten / one event": ratio(samples["batch of ten"], samples["one event"])}
    report("batch", samples, ratios, AT_MOST)


def _compile(folder: Path) -> None:
    templates = folder / "templates"
    (templates / "_stages").mkdir(parents=True)
    for number in range(CHANNELS):
        (templates / f"bench.c{number}.yaml").write_text(TEMPLATE.format(number=number))
    channels = ", ".join(f"c{number}: C0BENCH{number:03}" for number in range(CHANNELS))
    stage = f"channels: {{{channels}}}\nfallback: C0BENCH000\nprefix: ''\n"
    (templates / "_stages/demo.yaml").write_text(stage)
    compilation = compiler.compile_templates(templates)
    assert not compilation.findings
    compiler.write(compilation, folder / "catalog.json")


def _batch(size: int, numbers: Iterator[int]) -> Callable[[], None]:
    from handler import app

    app.logger.registered_handler.stream = io.StringIO()  # type: ignore[attr-defined]

    def events() -> None:
        records = [_record(channel, next(numbers)) for channel in range(size)]
        with redirect_stdout(io.StringIO()):  # the metrics
            assert app.lambda_handler({"Records": records}, Context()) == {"batchItemFailures": []}

    return events


def _record(channel: int, number: int) -> dict[str, Any]:
    body = json.dumps({"type": f"bench.c{channel}", "id": 1042, "event_id": f"bench-{number}"})
    return {"messageId": f"r-{number}", "eventSource": "aws:sqs", "body": body, "attributes": {}}


if __name__ == "__main__":
    main()
