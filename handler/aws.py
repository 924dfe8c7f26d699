"""Clients of AWS: one session for all, made on first use because importing it takes a tenth of a second.

They are botocore's, which boto3's only wrap: that leaves out a quarter of the import (docs/decisions/0003).
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Final

# Calls are small and to the same region. Who waits longer does so in an invocation that is paid for; the queue is not.
CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
ATTEMPTS: Final = 2

_making = threading.Lock()


def client(service: str) -> Any:
    """Make a client with short timeouts. Clients may be shared between threads, but not made by two at a time.

    Raises one of `failures`, where no region is set for example.
    """
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    with _making:
        return _session().create_client(service, config=config)


def failures() -> tuple[type[Exception], ...]:
    """What a call raises that AWS refused or that never got there; for `except`, which asks only when it has to."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def reason(error: BaseException) -> str:
    """AWS's code for the error, else its class; never its text, which may hold what was sent."""
    answer = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code") or type(error).__name__)


@cache
def _session() -> Any:
    from botocore.session import get_session

    return get_session()
