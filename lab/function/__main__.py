"""`python -m lab.function`: one execution environment. It reads one JSON object per line, and answers each with one.

    {"payload": {...}, "remaining_ms": 60000}           an invocation, whose answer is as in `_invoke`
    {"shift": {"wall": 3600, "monotonic": 0}}           moves its clocks on, in seconds; the answer is empty

The first line that it writes reports the init: `pid`, `milliseconds`, and `error` if it failed. With --clock, a file
moves the clocks on as well, even during an invocation: two numbers (struct "dd") for `wall` and `monotonic`. This file
uses only the standard library, so that any Python can run it, and so that nothing but the function and its packages can
be imported.
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import logging
import mmap
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TextIO

perf_counter, process_time = time.perf_counter, time.process_time
CLOCK = struct.Struct("dd")  # seconds that the wall clock and the monotonic clock are ahead


class Log(io.TextIOBase):
    """The function's output: kept for the answer, and passed on to our standard error."""

    def __init__(self) -> None:
        self._written: list[str] = []

    def write(self, text: str) -> int:
        """Keep a text, and pass it on."""
        self._written.append(text)
        os.write(2, text.encode(errors="backslashreplace"))
        return len(text)

    def taken(self) -> list[str]:
        """Return the lines written since the last call."""
        text = "".join(self._written)
        self._written.clear()
        return text.splitlines()


class LambdaFormatter(logging.Formatter):
    """The lines of Lambda's own JSON format, for code that uses the root logger."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a JSON object."""
        line = {"level": record.levelname, "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            line["stackTrace"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Context:
    """The Lambda context that the handler gets."""

    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "notifier")
    function_version = "$LATEST"
    memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
    invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"

    def __init__(self, number: int, remaining_ms: float) -> None:
        self.aws_request_id = f"00000000-0000-0000-0000-{number:012}"
        self._deadline = perf_counter() + remaining_ms / 1000

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time, by a clock that is never shifted."""
        return max(0, int((self._deadline - perf_counter()) * 1000))


def main() -> None:
    """Import the handler, then serve invocations until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m lab.function")
    parser.add_argument("handler", nargs="?", default="handler.app.lambda_handler", help="as Lambda's setting")
    parser.add_argument("--socket", help="a unix socket to speak by, in place of standard input and output")
    parser.add_argument("--clock", help="a file that moves its clocks on")
    arguments = parser.parse_args()
    lines, answers = _by_socket(arguments.socket) if arguments.socket else _by_standard_streams()
    offsets = _shifted_clocks(_shared(arguments.clock) if arguments.clock else lambda: (0.0, 0.0))
    log = _captured_log()
    start, error, handler = perf_counter(), None, None
    try:
        module, _, name = arguments.handler.rpartition(".")
        handler = getattr(importlib.import_module(module), name)
    except Exception as failure:  # noqa: BLE001  # whatever it is, the other end is to hear of it
        error = _shown(failure)
    _say(answers, {"pid": os.getpid(), "milliseconds": (perf_counter() - start) * 1000, "error": error})
    if handler is None:
        return
    for number, line in enumerate(lines):
        wish = json.loads(line)
        for clock, seconds in wish.get("shift", {}).items():
            offsets[clock] += seconds
        if "payload" in wish:
            context = Context(number, wish.get("remaining_ms", 60_000))
            _say(answers, _invoke(handler, wish["payload"], context, log))
        else:
            _say(answers, {})


def _invoke(handler: Callable[[Any, Context], Any], payload: Any, context: Context, log: Log) -> dict[str, Any]:
    """Run one invocation. Return its `result` or `error`, and its costs. Times are in milliseconds."""
    start, cpu_start, result, error = perf_counter(), process_time(), None, None
    try:
        result = handler(payload, context)
        json.dumps(result)  # Lambda also fails if JSON cannot hold the result
    except Exception as failure:  # noqa: BLE001  # as Lambda does
        result, error = None, _shown(failure)
    return {
        "milliseconds": (perf_counter() - start) * 1000,
        "cpu_milliseconds": (process_time() - cpu_start) * 1000,
        "result": result,
        "error": error,
        "logs": log.taken(),
        "threads": threading.active_count(),
    }


def _by_socket(path: str) -> tuple[TextIO, TextIO]:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    return connection.makefile("r", encoding="utf-8"), connection.makefile("w", encoding="utf-8")


def _by_standard_streams() -> tuple[TextIO, TextIO]:
    """Reserve standard output for answers, and redirect everything else that is written there to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return sys.stdin, answers


def _shared(path: str) -> Callable[[], tuple[float, ...]]:
    """Return a function that reads the clock file, which is mapped into memory so that reads are cheap."""
    with open(path, "rb") as file:  # noqa: PTH123 - a Path would be one more import in the function's way
        shared = mmap.mmap(file.fileno(), CLOCK.size, access=mmap.ACCESS_READ)
    return lambda: CLOCK.unpack_from(shared)


def _shifted_clocks(gained: Callable[[], tuple[float, ...]]) -> dict[str, float]:
    """Replace the clocks of the time module by shiftable ones, before anything imports them; return their offsets.

    The offsets are in seconds. `gained` returns further offsets, for the wall clock and for the monotonic clock.
    """
    offsets = {"wall": 0.0, "monotonic": 0.0}
    for place, clock in enumerate(offsets):
        name = {"wall": "time", "monotonic": "monotonic"}[clock]

        def offset(place: int = place, clock: str = clock) -> float:
            return offsets[clock] + gained()[place]

        setattr(time, name, _shifted(getattr(time, name), offset, 1))
        setattr(time, f"{name}_ns", _shifted(getattr(time, f"{name}_ns"), offset, 10**9))
    return offsets


def _shifted(real: Callable[[], Any], offset: Callable[[], float], units: int) -> Callable[[], Any]:
    def shifted() -> Any:
        now = real()
        return now + type(now)(offset() * units)

    return shifted


def _captured_log() -> Log:
    """Capture the standard streams, and give the root logger the handler that Lambda gives it."""
    log = Log()
    sys.stdout = sys.stderr = log
    handler = logging.StreamHandler(log)
    handler.setFormatter(LambdaFormatter())
    logging.basicConfig(handlers=[handler], level=os.environ.get("AWS_LAMBDA_LOG_LEVEL", "WARNING"))
    return log


def _shown(failure: Exception) -> dict[str, str]:
    return {"type": type(failure).__name__, "message": str(failure)}


def _say(answers: TextIO, document: dict[str, Any]) -> None:
    answers.write(json.dumps(document) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
