"""A built artefact under AWS's own runtime client and its runtime interface emulator, as Lambda would run it.

It is closer to Lambda than the local AWS is: init, warm reuse, the timeout's kill, a crash, and the answers to each are
the real client's. It is no Lambda: one execution environment, no memory limit, and init counts towards the timeout.
"""

from __future__ import annotations

import json
import platform
import re
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import defpath
from pathlib import Path
from typing import Any, Final

from lab.aws import REGION, TOOLS
from lab.processes import Child, child, free_port, listening, wait_until

HANDLER: Final = "handler.app.lambda_handler"
START_SECONDS: Final = 30
# Beyond the function's own timeout, which the emulator enforces itself.
PATIENCE_SECONDS: Final = 30
ARCHITECTURES: Final = {"x86_64": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an invocation came to.

    `status` is the emulator's: 200 also for a handler's exception and for a timeout, 502 where the runtime ended.
    `body` is the JSON that came back, or the text where it is none ("Task timed out ...").
    """

    status: int
    body: Any


class Function:
    """A function in the emulator. Invocations are one at a time: a second one at once crashes the emulator."""

    def __init__(self, artefact: Path, env: Mapping[str, str], folder: Path, patience_seconds: float) -> None:
        self._artefact = artefact
        self._env = env
        self._patience_seconds = patience_seconds
        self._log = folder / "emulator.log"
        self._log.touch()
        self._processes = ExitStack()
        self._process: Child | None = None
        self._url = ""
        self._lock = threading.Lock()

    def invoke(self, event: object) -> Answer:
        """Invoke the function with an event that JSON can hold; starts the emulator again where it has ended."""
        with self._lock:
            if not (self._process and self._process.running):
                self._start()
            request = urllib.request.Request(self._url, data=json.dumps(event).encode())
            try:
                with urllib.request.urlopen(request, timeout=self._patience_seconds) as response:
                    return Answer(response.status, _body(response.read()))
            except urllib.error.HTTPError as error:
                with error:
                    return Answer(error.code, _body(error.read()))

    @property
    def init_milliseconds(self) -> list[float]:
        """How long each cold start's init took, the first one first."""
        return [float(found) for found in re.findall(r"INIT REPORT\(durationMs: ([0-9.]+)\)", self.log)]

    @property
    def log(self) -> str:
        """What the emulator and the function have written so far."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """End the emulator and the runtime in it."""
        self._process = None
        self._processes.close()

    def _start(self) -> None:
        self.close()
        port, runtime_port = free_port(), free_port()
        command: list[str | Path] = [_emulator(), "--log-level", "info"]
        command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}"]
        command += [TOOLS / "runtime/bin/python", "-m", "awslambdaric", HANDLER]
        starting = child(command, env=self._env, cwd=self._artefact, log=self._log)
        process = self._processes.enter_context(starting)
        wait_until(lambda: listening(port), "the runtime interface emulator", START_SECONDS, process)
        self._process = process
        self._url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"


@contextmanager
def emulated(
    artefact: Path, env: Mapping[str, str], *, timeout_seconds: int = 60, memory_mb: int = 256
) -> Iterator[Function]:
    """Run the artefact in a folder, as `sam build` makes it, until the block ends.

    `env` is the function's environment beyond what Lambda itself sets; `memory_mb` is only what the function is told.
    Raises FileNotFoundError where there is no emulator for this machine.
    """
    lambda_env = {
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
    with tempfile.TemporaryDirectory(prefix="notifier-emulator-") as folder:
        function = Function(artefact, {**lambda_env, **env}, Path(folder), timeout_seconds + PATIENCE_SECONDS)
        try:
            yield function
        finally:
            function.close()


def _emulator() -> Path:
    """AWS ships the emulator, a static Linux program, within its SAM CLI."""
    name = f"aws-lambda-rie-{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    found = list(TOOLS.glob(f"sam/lib/python3.*/site-packages/samcli/local/rapid/{name}"))
    if platform.system() != "Linux" or not found:
        raise FileNotFoundError(
            f"no runtime interface emulator for {platform.system()} {platform.machine()} in {TOOLS / 'sam'}: it needs "
            "Linux on x86_64 or arm64; run `make lab`"
        )
    return found[0]


def _body(answer: bytes) -> Any:
    text = answer.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
