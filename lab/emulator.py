"""A built artefact under AWS's own runtime client and its runtime interface emulator.

It is closer to Lambda than the local AWS is: init, warm reuse, the kill at the timeout, crashes, and the responses to
each are those of the real client. It differs from Lambda: there is one execution environment and no memory limit, and
init counts towards the timeout.
"""

from __future__ import annotations

import json
import platform
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from os import defpath
from pathlib import Path
from typing import Any, Final

from lab.aws import LOOPBACK, REGION, TOOLS
from lab.processes import Child, ChildError, Prefix, as_is, child, free_port, wait_until

HANDLER: Final = "handler.app.lambda_handler"
INVOCATIONS: Final = "/2015-03-31/functions/function/invocations"
START_SECONDS: Final = 30
# Added to the function's timeout, which the emulator itself enforces.
PATIENCE_SECONDS: Final = 30
ARCHITECTURES: Final = {"x86_64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an invocation.

    `status` is the emulator's HTTP status: 200 even for an exception of the handler and for a timeout, 502 if the
    runtime exited. `body` is the JSON response, or the text if it is no JSON ("Task timed out ...").
    """

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where the emulator runs and listens: the arguments of `emulated`."""

    host: str
    port: int | None
    reached_at: int | None
    prefix: Prefix
    handler: str


class Function:
    """A function in the emulator. Invoke it once at a time: a concurrent invocation crashes the emulator."""

    def __init__(
        self, emulator: Path, artefact: Path, env: Mapping[str, str], log: Path, patience_seconds: float, place: Place
    ) -> None:
        self._emulator = emulator
        self._artefact = artefact
        self._env = env
        self._log = log
        self._patience_seconds = patience_seconds
        self._place = place
        self._processes = ExitStack()
        self._process: Child | None = None
        self._port = 0
        self._lock = threading.Lock()

    def invoke(self, event: object) -> Answer:
        """Invoke the function with an event that JSON can hold; restart the emulator first if it has exited.

        Raises ChildError if the emulator exits, or does not respond, during the invocation.
        """
        with self._lock:
            if not (self._process and self._process.running):
                self._start()
            with closing(HTTPConnection(LOOPBACK, self._port, timeout=self._patience_seconds)) as connection:
                try:
                    connection.request("POST", INVOCATIONS, json.dumps(event))
                    response = connection.getresponse()
                    return Answer(response.status, _body(response.read()))
                except (OSError, HTTPException) as error:
                    raise ChildError(f"the runtime interface emulator did not answer: {error}\n{self.log}") from error

    @property
    def init_milliseconds(self) -> list[float]:
        """Return the duration of each cold start's init, oldest first."""
        return [float(found) for found in re.findall(r"INIT REPORT\(durationMs: ([0-9.]+)\)", self.log)]

    @property
    def log(self) -> str:
        """Return the log of the emulator and the function so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def close(self) -> None:
        """End the emulator and the runtime in it."""
        self._process = None
        self._processes.close()

    def _start(self) -> None:
        self.close()
        place = self._place
        port = place.port or free_port()
        command = [str(self._emulator), "--log-level", "info"]
        command += ["--runtime-interface-emulator-address", f"{place.host}:{port}"]
        command += ["--runtime-api-address", f"{LOOPBACK}:{free_port()}"]
        command += [str(TOOLS / "runtime/bin/python"), "-m", "awslambdaric", place.handler]
        starting = child(place.prefix(command), env=self._env, cwd=self._artefact, log=self._log)
        process = self._processes.enter_context(starting)
        self._port = place.reached_at or port
        wait_until(lambda: _answers(self._port), "the runtime interface emulator", START_SECONDS, process)
        self._process = process


@contextmanager
def emulated(
    artefact: Path,
    env: Mapping[str, str],
    *,
    timeout_seconds: int = 60,
    memory_mb: int = 256,
    host: str = LOOPBACK,
    port: int | None = None,
    reached_at: int | None = None,
    prefix: Prefix = as_is,
    handler: str = HANDLER,
) -> Iterator[Function]:
    """Run the artefact in a folder, as `sam build` makes it, until the block ends.

    `env` has the function's environment variables, without those that Lambda itself sets; `memory_mb` is only what the
    function is told, not enforced. The emulator binds to `host` and `port` (None: a free port on loopback). `prefix`
    runs its process elsewhere, such as in a network namespace; `reached_at` is then the port of our loopback from which
    a relay leads there. `handler` is the CMD of an image. Raises FileNotFoundError if there is no emulator for this
    machine.
    """
    emulator, patience_seconds = _emulator(), timeout_seconds + PATIENCE_SECONDS
    place = Place(host, port, reached_at, prefix, handler)
    complete = {**_lambda_environment(artefact, timeout_seconds, memory_mb), **env}
    with (
        tempfile.TemporaryDirectory(prefix="notifier-emulator-") as folder,
        closing(Function(emulator, artefact, complete, Path(folder, "log"), patience_seconds, place)) as function,
    ):
        yield function


def _lambda_environment(artefact: Path, timeout_seconds: int, memory_mb: int) -> dict[str, str]:
    return {
        "PATH": defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(artefact),
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "notifier",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PYTHONDONTWRITEBYTECODE": "1",  # /var/task is read-only
    }


def _emulator() -> Path:
    """Return the path of the emulator, a static Linux program that AWS ships in its SAM CLI."""
    name = f"aws-lambda-rie-{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    found = list(TOOLS.glob(f"sam/lib/python3.*/site-packages/samcli/local/rapid/{name}"))
    if platform.system() != "Linux" or not found:
        raise FileNotFoundError(
            f"no runtime interface emulator for {platform.system()} {platform.machine()} in {TOOLS / 'sam'}: it needs "
            "Linux on x86_64 or arm64; run `make lab`"
        )
    return found[0]


def _answers(port: int) -> bool:
    """Return whether the emulator responds. A relay accepts connections by itself, so wait for HTTP 404."""
    with closing(HTTPConnection(LOOPBACK, port, timeout=1)) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 404
        except (OSError, HTTPException):
            return False


def _body(answer: bytes) -> Any:
    text = answer.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
