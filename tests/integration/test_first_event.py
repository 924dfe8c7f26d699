"""The package as it ships, from its import to its first events: what is done when, and what an outage changes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lab.aws import TOOLS
from lab.cloud import LocalCloud
from lab.processes import free_port
from lab.tcp_fault_proxy import TcpFaultProxy, switched
from tests.integration.test_emulator import event

# What Python tells of itself: https://docs.python.org/3/library/audit_events.html
PROGRAM = """
import json, sys
told = []
def listen(name, details):
    match name:
        case "import": told.append(["import", details[0]])
        case "open": told.append(["open", str(details[0])])
        case "socket.connect": told.append(["connect", details[1][1]])
        case "_thread.start_new_thread": told.append(["thread", ""])
sys.addaudithook(listen)
class Context:
    aws_request_id = "test"
    def get_remaining_time_in_millis(self): return 60000
def say(answer):
    sys.stderr.write(json.dumps([answer, *told]) + chr(10))
    told.clear()
import gc, handler.app
say({"collects": gc.isenabled(), "ignores": gc.get_freeze_count() > len(gc.get_objects())})
for line in sys.stdin:
    given = json.loads(line)
    told.clear()
    try:
        answer = handler.app.lambda_handler(given, Context())
    except Exception as error:
        answer = str(error)
    say(answer)
"""


class Environment:
    """An execution environment: Lambda's Python with the package alone. `init` is what was told during the import."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        garbage, *self.init = self._hear()
        assert garbage == {"collects": True, "ignores": True}

    def invoke(self, payload: Any) -> tuple[Any, list[list[Any]]]:
        """Return the answer, or the text of what was raised, and what was told meanwhile."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(payload) + "\n")
        self._process.stdin.flush()
        answer, *told = self._hear()
        return answer, told

    def _hear(self) -> list[Any]:
        assert self._process.stderr
        said: list[Any] = json.loads(self._process.stderr.readline())
        return said


@contextmanager
def environment(artefact: Path, variables: Mapping[str, str], log: Path) -> Iterator[Environment]:
    """Import the function in a process of its own."""
    with (
        log.open("w") as written,
        subprocess.Popen(
            [TOOLS / "runtime/bin/python", "-B", "-c", PROGRAM],
            stdin=subprocess.PIPE, stdout=written, stderr=subprocess.PIPE,
            env={**variables, "PYTHONPATH": str(artefact)}, cwd="/", text=True,
        ) as process,
    ):  # fmt: skip
        try:
            yield Environment(process)
        finally:
            process.kill()


@pytest.fixture
def variables(cloud: LocalCloud, artefact: Path) -> dict[str, str]:
    """What the function finds in its environment."""
    return cloud.environment(artefact / "catalog.json")


def port(url: str) -> int:
    return urlsplit(url).port or 0


def test_the_first_event_loads_nothing_and_connects_to_slack_alone(
    cloud: LocalCloud, artefact: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    with environment(artefact, variables, tmp_path / "log") as function:
        connected = [told for what, told in function.init if what == "connect"]
        dynamodb = secrets = port(cloud.aws.endpoint)
        assert connected == [dynamodb, secrets, cloud.database.replica.port]
        answer, told = function.invoke(event("sqs-sns"))
        assert answer == {"batchItemFailures": []}, (tmp_path / "log").read_text()
        assert done(told) == [["connect", port(cloud.slack.url)]]
        _, told = function.invoke(event("sqs-sns", 2))
        assert done(told) == []
    assert len(cloud.slack.messages()) == 2


def done(told: list[list[Any]]) -> list[list[Any]]:
    """Leave out the thread that reads the channels' state again where a second has passed."""
    return [each for each in told if each[0] != "thread"]


def to_aws(variables: dict[str, str], switch: TcpFaultProxy) -> None:
    variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{switch.port}"


def to_database(variables: dict[str, str], switch: TcpFaultProxy) -> None:
    found = port(variables["NOTIFIER_DATABASES"].partition("=")[2].partition(";")[0])
    variables["NOTIFIER_DATABASES"] = variables["NOTIFIER_DATABASES"].replace(f":{found}", f":{switch.port}")


@pytest.mark.parametrize(
    ("reached", "code"), [(to_aws, "CONFIG_UNAVAILABLE"), (to_database, "DB_UNAVAILABLE")], ids=["AWS", "database"]
)
def test_an_outage_during_the_import_is_told_by_the_event_and_over_with_the_outage(
    cloud: LocalCloud,
    artefact: Path,
    variables: dict[str, str],
    tmp_path: Path,
    reached: Callable[[dict[str, str], TcpFaultProxy], None],
    code: str,
) -> None:
    target = {to_aws: port(cloud.aws.endpoint), to_database: cloud.database.replica.port}[reached]
    with switched(free_port(), target) as switch:
        switch.set("refuse")
        reached(variables, switch)
        with environment(artefact, variables, tmp_path / "log") as function:
            answer, _ = function.invoke(event("sqs-sns"))
            assert len(answer["batchItemFailures"]) == 1
            assert code in (tmp_path / "log").read_text()
            switch.set("pass")
            answer, _ = function.invoke(event("sqs-sns"))
            assert answer == {"batchItemFailures": []}, (tmp_path / "log").read_text()
    assert len(cloud.slack.messages()) == 1


def test_a_mistake_in_the_settings_is_told_by_every_event(
    cloud: LocalCloud, artefact: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    variables["NOTIFIER_SLACK"] = "carrier pigeon"
    with environment(artefact, variables, tmp_path / "log") as function:
        for number in (1, 2):
            answer, _ = function.invoke(event("sqs-sns", number))
            assert answer.startswith("CONFIG_INVALID: NOTIFIER_SLACK")
    assert cloud.slack.messages() == []
