"""An execution environment in a process: what it is given, what it answers, and that it can be frozen and shifted."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler.catalog import FORMAT
from lab.aws import TOOLS
from lab.cloud import LocalCloud
from lab.function import Failure, RunningFunction, running_function
from lab.function.running import ENVIRONMENT
from lab.processes import ChildError
from tests.integration.test_bad_inputs import template

EXAMPLE = """
import logging, os, sys, threading, time
from time import monotonic
print("in the init")

def handler(payload, context):
    return globals()[payload["do"]](context, **payload.get("with", {}))

def say(context, text):
    print(text)
    logging.getLogger("library").warning("beware of %s", text)
    sys.stderr.write('{"from": "stderr"}\\n')
    os.write(1, b"by the file's number\\n")

def fail(context):
    raise ValueError("no good")

def odd(context):
    return {1, 2}

def die(context):
    print("the last word")
    os._exit(7)

def clocks(context):
    return [time.time(), time.time_ns() / 1e9, time.monotonic(), time.monotonic_ns() / 1e9, monotonic()]

def left(context):
    return context.get_remaining_time_in_millis()

def leave_a_thread(context):
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def surroundings(context):
    return [dict(os.environ), os.getcwd(), sys.executable, __file__]

def burn(context):
    end = time.process_time() + 0.05
    while time.process_time() < end: pass
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A function that does as it is told, in the place of an artefact."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "example.py").write_text(EXAMPLE)
    (folder / "broken.py").write_text("import no_such_module")
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def function(example: Path, log: Path) -> Iterator[RunningFunction]:
    with running_function({"WORD": "tea"}, handler="example.handler", artefact=example, log=log) as function:
        yield function


def do(function: RunningFunction, what: str, **arguments: Any) -> Any:
    invocation = function.invoke({"do": what, "with": arguments})
    assert invocation.error is None
    return invocation.result


def test_an_answer_has_what_was_logged_meanwhile(function: RunningFunction, log: Path) -> None:
    lines = [
        invocation.logs for invocation in [function.invoke({"do": "say", "with": {"text": word}}) for word in "ab"]
    ]
    common = {"level": "WARNING", "logger": "library"}
    assert lines[0][0] == {"message": "in the init"}
    assert lines[0][1:] == [{"message": "a"}, {**common, "message": "beware of a"}, {"from": "stderr"}]
    assert lines[1] == [{"message": "b"}, {**common, "message": "beware of b"}, {"from": "stderr"}]
    assert log.read_text().splitlines()[:2] == ["in the init", "a"]


def test_an_exception_is_an_answer_and_the_environment_goes_on(function: RunningFunction) -> None:
    failed = function.invoke({"do": "fail"})
    assert (failed.result, failed.error) == (None, Failure("ValueError", "no good"))
    odd = function.invoke({"do": "odd"}).error
    assert odd
    assert odd.type == "TypeError"
    assert do(function, "say", text="on") is None


def test_a_process_that_ends_is_told_from_one_that_fails(function: RunningFunction) -> None:
    with pytest.raises(ChildError, match=r"(?s)ended during the invocation.*the last word"):
        function.invoke({"do": "die"})
    with pytest.raises(ChildError, match="ended"):
        function.invoke({"do": "fail"})


@pytest.mark.parametrize(
    ("handler", "says"), [("broken.handler", "no_such_module"), ("example.no", "no attribute 'no'")]
)
def test_an_init_that_fails_says_why(example: Path, log: Path, handler: str, says: str) -> None:
    with (
        pytest.raises(ChildError, match=f"the init failed.*{says}"),
        running_function({}, handler=handler, artefact=example, log=log),
    ):
        pytest.fail("it cannot start")


def test_the_context_knows_what_is_left(function: RunningFunction) -> None:
    invocation = function.invoke({"do": "left"}, remaining_ms=5_000)
    assert 0 < invocation.result <= 5_000


def test_clocks_are_shifted_each_by_its_own(function: RunningFunction) -> None:
    before = do(function, "clocks")
    function.shift(wall=3600)
    frozen = do(function, "clocks")
    function.shift(wall=400, monotonic=7000)
    after = do(function, "clocks")
    hours = [[round((new - old) / 1000) for old, new in zip(before, now, strict=True)] for now in (frozen, after)]
    assert hours == [[4, 4, 0, 0, 0], [4, 4, 7, 7, 7]]
    assert 0 < function.invoke({"do": "left"}, remaining_ms=5_000).result <= 5_000


def test_threads_and_time_are_measured(function: RunningFunction) -> None:
    assert function.invoke({"do": "left"}).threads == 1
    assert function.invoke({"do": "leave_a_thread"}).threads == 2
    burnt = function.invoke({"do": "burn"})
    assert burnt.milliseconds >= 50
    assert burnt.cpu_milliseconds >= 50
    assert function.init_milliseconds > 0


def test_a_frozen_environment_answers_when_it_is_thawed(function: RunningFunction) -> None:
    function.freeze()
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(function.invoke({"do": "left"})))
    asking.start()
    asking.join(0.2)
    assert answers == []
    function.thaw()
    asking.join()
    assert answers[0].error is None


def test_a_frozen_environment_is_ended_too(example: Path, log: Path) -> None:
    with running_function({}, handler="example.handler", artefact=example, log=log) as function:
        function.freeze()
    assert not function.process.running


def test_silence_has_an_end(function: RunningFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.function.running.PATIENCE_SECONDS", 0.1)
    function.freeze()
    with pytest.raises(TimeoutError, match="no answer after 0.2 s of the invocation"):
        function.invoke({"do": "left"}, remaining_ms=100)


def test_its_surroundings_are_what_it_is_given(example: Path, log: Path, tmp_path: Path) -> None:
    def nicely(command: list[str]) -> list[str]:
        return ["/usr/bin/env", "ADDED=1", *command]

    environment = {"WORD": "tea"}
    with running_function(
        environment, handler="example.handler", artefact=example, prefix=nicely, cwd=tmp_path, log=log
    ) as function:
        found, folder, python, file = do(function, "surroundings")
    ours = {"PATH", "LANG", "TZ", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
    ours.add("LC_CTYPE")  # which Python itself sets where the machine does not have the language
    assert {name: value for name, value in found.items() if name not in ours} == {"WORD": "tea", "ADDED": "1"}
    assert (folder, python, file) == (str(tmp_path), sys.executable, str(example / "example.py"))


def test_by_hand_it_speaks_by_standard_input_and_output(example: Path) -> None:
    said = textwrap.dedent("""\
        {"payload": {"do": "say", "with": {"text": "tea"}}}
        {"shift": {"wall": 1}}
        {"payload": {"do": "left"}, "remaining_ms": 1}
        """)
    command = [sys.executable, "-P", str(ENVIRONMENT), "example.handler"]
    environment = {"PYTHONPATH": str(example)}
    done = subprocess.run(command, input=said, env=environment, capture_output=True, text=True, check=True)
    ready, answer, shifted, left = map(json.loads, done.stdout.splitlines())
    assert ready["error"] is None
    assert "tea" in answer["logs"]
    assert (shifted, left["result"]) == ({}, 0)
    assert done.stderr.splitlines()[-1] == "by the file's number"


@pytest.mark.parametrize("built", [False, True], ids=["source", "artefact"])
def test_the_function_itself_delivers(
    cloud: LocalCloud, request: pytest.FixtureRequest, tmp_path: Path, built: bool
) -> None:
    """From the source as well as from what is deployed, which runs in a Python that has nothing but AWS's own."""
    origin = {"artefact": request.getfixturevalue("artefact"), "python": TOOLS / "runtime/bin/python"} if built else {}
    catalog, log = tmp_path / "catalog.json", tmp_path / "log"
    stages = {"demo": {"channels": {"orders": "C0LABORDERS"}, "fallback": "C0LABFALLBACK"}}
    catalog.write_text(json.dumps({"format": FORMAT, "notifications": [template("good")], "stages": stages}))
    bodies = ['{"type": "good", "id": 1042}', "{"]
    records = [
        {
            "messageId": str(number),
            "eventSource": "aws:sqs",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for number, body in enumerate(bodies)
    ]
    with running_function(cloud.environment(catalog), log=log, **origin) as function:
        invocation = function.invoke({"Records": records})
        again = function.invoke({"Records": []})
    assert invocation.error is None
    assert invocation.result == {"batchItemFailures": []}
    assert sorted(line["message"] for line in invocation.logs if "_aws" not in line) == ["delivered", "parked"]
    assert len(cloud.slack.messages()) == 1
    assert again.error
