"""Events for the function, and the function that handles them in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any, Final

TYPE: Final = "order.created"


class Context:
    """An invocation with time to spare."""

    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """A minute."""
        return 60_000


def identity(number: int) -> str:
    """What the ledger knows the event of this number by, if it comes by `batch`."""
    return f"m-{number}"


def batch(number: int) -> dict[str, Any]:
    """One event, as the queue hands it over."""
    message = json.dumps({"type": TYPE, "id": number})
    return {"Records": [record(number, {"Type": "Notification", "MessageId": identity(number), "Message": message})]}


def record(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """A record of the queue with this JSON as its body."""
    return {"messageId": f"r-{number}", "eventSource": "aws:sqs", "body": json.dumps(body), "attributes": {}}


def function() -> Callable[[Mapping[str, Any]], None]:
    """Return what handles an invocation, and fails if one of its records is to come again.

    The function's settings are those in this process's environment at the first invocation. What it prints is lost.
    """
    from handler import app

    app.logger.registered_handler.stream = io.StringIO()  # type: ignore[attr-defined]

    def handle(payload: Mapping[str, Any]) -> None:
        with redirect_stdout(io.StringIO()):  # the metrics
            failures = app.lambda_handler(dict(payload), Context())
        if failures != {"batchItemFailures": []}:
            raise RuntimeError(f"not all records ended: {failures}")

    return handle
