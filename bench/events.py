"""Events for the function, and the function that handles them in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any, Final

TYPE: Final = "order.created"


class Context:
    """A Lambda context with enough time left."""

    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return a minute."""
        return 60_000


def identity(number: int) -> str:
    """Return the event's identity in the ledger, if it comes from `batch`."""
    return f"m-{number}"


def batch(number: int) -> dict[str, Any]:
    """Return a batch with one event, as the queue delivers it."""
    message = json.dumps({"type": TYPE, "id": number})
    return {"Records": [record(number, {"Type": "Notification", "MessageId": identity(number), "Message": message})]}


def record(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a queue record with this body as JSON."""
    return {"messageId": f"r-{number}", "eventSource": "aws:sqs", "body": json.dumps(body), "attributes": {}}


def function() -> Callable[[Mapping[str, Any]], None]:
    """Return a handler of invocations that fails if one of its records must be retried.

    The function reads its settings from this process's environment at the first invocation. Its output is discarded.
    """
    from handler import app

    app.logger.registered_handler.stream = io.StringIO()  # type: ignore[attr-defined]

    def handle(payload: Mapping[str, Any]) -> None:
        with redirect_stdout(io.StringIO()):  # the metrics
            failures = app.lambda_handler(dict(payload), Context())
        if failures != {"batchItemFailures": []}:
            raise RuntimeError(f"not all records ended: {failures}")

    return handle
