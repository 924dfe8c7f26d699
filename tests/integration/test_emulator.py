"""Functions under AWS's runtime client and emulator: the semantics with a tiny one, then the artefact that ships."""

from __future__ import annotations

import json
import os
import shutil
import signal
import string
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lab.cloud import LocalCloud
from lab.emulator import HANDLER, Function, emulated
from lab.sam import ROOT

EVENTS = Path(__file__).parents[1] / "events"
TIMEOUT_SECONDS = 15  # with less than 12 left the function takes no event

MISBEHAVING = """
import os, time

def lambda_handler(event, context):
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "exit" in event:
        os._exit(event["exit"])
    if "raise" in event:
        raise ValueError(event["raise"])
    return {"pid": os.getpid(), "memory": context.memory_limit_in_mb, "given": os.environ["GIVEN"]}
"""


@pytest.fixture
def misbehaving(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Iterator[Function]:
    """A function that sleeps, exits or raises as its event says, with a timeout of one second."""
    (tmp_path / "handler").mkdir()
    (tmp_path / "handler/app.py").write_text(MISBEHAVING)
    try:
        with emulated(tmp_path, {"GIVEN": "this"}, timeout_seconds=1, memory_mb=512) as function:
            yield function
    except FileNotFoundError as error:
        missing(str(error))


def test_a_warm_invocation_meets_the_same_process(misbehaving: Function, tmp_path: Path) -> None:
    cold = misbehaving.invoke({})
    warm = misbehaving.invoke({})
    assert cold.status == 200
    assert warm == cold
    assert cold.body["given"] == "this"
    assert cold.body["memory"] == "512"
    assert len(misbehaving.init_milliseconds) == 1
    assert not list(tmp_path.rglob("*.pyc"))  # the package is read-only in Lambda


def test_a_timeout_kills_the_process_and_the_next_invocation_is_cold(misbehaving: Function) -> None:
    before = misbehaving.invoke({}).body["pid"]
    late = misbehaving.invoke({"sleep": 5})
    assert (late.status, late.body) == (200, "Task timed out after 1.00 seconds")
    assert misbehaving.invoke({}).body["pid"] != before
    assert len(misbehaving.init_milliseconds) == 2


def test_a_crash_is_named_and_the_next_invocation_is_cold(misbehaving: Function) -> None:
    before = misbehaving.invoke({}).body["pid"]
    crashed = misbehaving.invoke({"exit": 3})
    assert crashed.status == 502
    assert crashed.body["errorType"] == "Runtime.ExitError"
    assert misbehaving.invoke({}).body["pid"] != before


def test_an_exception_is_answered_and_the_process_stays(misbehaving: Function) -> None:
    before = misbehaving.invoke({}).body["pid"]
    failed = misbehaving.invoke({"raise": "no"})
    assert failed.status == 200
    assert (failed.body["errorType"], failed.body["errorMessage"]) == ("ValueError", "no")
    assert misbehaving.invoke({}).body["pid"] == before


def test_invocations_from_two_threads_wait_for_each_other(misbehaving: Function) -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(misbehaving.invoke, [{}] * 20))
    assert answers == [answers[0]] * 20
    assert answers[0].status == 200


def test_an_emulator_that_died_is_started_again(misbehaving: Function) -> None:
    before = misbehaving.invoke({}).body["pid"]
    assert misbehaving._process
    misbehaving._process.kill()
    after = misbehaving.invoke({})
    assert after.status == 200
    assert after.body["pid"] != before


@dataclass(frozen=True)
class Packed:
    """What Lambda would unpack or start: the folder with the code, what is called, and what the image itself sets."""

    folder: Path
    handler: str = HANDLER
    environment: Mapping[str, str] = field(default_factory=dict)


def image(artefact: Path, root: Path) -> Packed:
    """What the Dockerfile makes, put together without Docker: its base is the runtime that stands in for Lambda's."""
    variables = {"LAMBDA_TASK_ROOT": "/var/task"}  # as the base image has it
    context, handler = root / "context", ""
    shutil.copytree(artefact, context / ".aws-sam/image")
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        instruction, _, rest = line.partition(" ")
        match instruction:
            case "COPY":
                source, target = string.Template(rest).substitute(variables).split()
                shutil.copytree(context / source, root / target.lstrip("/"), dirs_exist_ok=True)
            case "CMD":
                [handler] = json.loads(rest)
            case "ENV":
                name, _, value = rest.partition("=")
                variables[name] = value
            case _:
                assert instruction in ("FROM", "#", "")
    task_root = variables.pop("LAMBDA_TASK_ROOT")
    return Packed(root / task_root.lstrip("/"), handler, variables)


@pytest.fixture(params=["zip", "image"])
def notifier(
    request: pytest.FixtureRequest,
    cloud: LocalCloud,
    artefact: Path,
    tmp_path: Path,
    missing: Callable[[str], NoReturn],
) -> Iterator[Function]:
    """The artefact that ships, either way, between the local cloud's database and Slack."""
    packed = Packed(artefact) if request.param == "zip" else image(artefact, tmp_path)
    env = {**packed.environment, **cloud.environment(packed.folder / "catalog.json")}
    try:
        with emulated(packed.folder, env, timeout_seconds=TIMEOUT_SECONDS, handler=packed.handler) as function:
            yield function
    except FileNotFoundError as error:
        missing(str(error))


def event(name: str, number: int = 1) -> Any:
    """What AWS hands over. Another number is another event: its messages have identities of their own."""
    return json.loads((EVENTS / f"{name}.json").read_text().replace("-000000000001", f"-{number:012}"))


def runtime_pid(function: Function) -> int:
    """The process id of the Python that runs the function: the emulator's only child."""
    assert function._process
    emulator = str(function._process.pid)
    [pid] = [int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if parent(stat) == emulator]
    return pid


def parent(stat: Path) -> str:
    try:
        return stat.read_text().rpartition(")")[2].split()[1]
    except OSError:  # the process has ended since
        return ""


@pytest.mark.parametrize("name", ["sqs-sns", "sqs-raw"])
def test_the_artefact_posts_cold_and_warm(notifier: Function, cloud: LocalCloud, name: str) -> None:
    cold, warm, again = (notifier.invoke(event(name, number)) for number in (1, 2, 2))
    assert cold.body == warm.body == again.body == {"batchItemFailures": []}, notifier.log
    assert len(cloud.slack.messages()) == 2
    assert len(notifier.init_milliseconds) == 1


def test_the_artefact_posts_what_a_topic_hands_it_directly(notifier: Function, cloud: LocalCloud) -> None:
    assert notifier.invoke(event("sns-direct")).status == 200
    assert len(cloud.slack.messages()) == 1


def test_a_bad_record_is_parked_and_its_neighbours_are_posted(notifier: Function, cloud: LocalCloud) -> None:
    answer = notifier.invoke(event("sqs-bad"))
    assert answer.body == {"batchItemFailures": []}, notifier.log
    assert len(cloud.slack.messages()) == 2
    assert "EVENT_NOT_JSON" in notifier.log


def test_an_artefact_that_hangs_is_killed_and_posts_when_the_event_comes_again(
    notifier: Function, cloud: LocalCloud
) -> None:
    notifier.invoke(event("sqs-sns"))
    os.kill(runtime_pid(notifier), signal.SIGSTOP)
    assert notifier.invoke(event("sqs-sns", 2)).body == f"Task timed out after {TIMEOUT_SECONDS}.00 seconds"
    assert notifier.invoke(event("sqs-sns", 2)).body == {"batchItemFailures": []}, notifier.log
    assert len(cloud.slack.messages()) == 2
    assert len(notifier.init_milliseconds) == 2


def test_an_artefact_that_crashes_posts_when_the_event_comes_again(notifier: Function, cloud: LocalCloud) -> None:
    notifier.invoke(event("sqs-sns"))
    os.kill(runtime_pid(notifier), signal.SIGKILL)
    crashed = notifier.invoke(event("sqs-sns", 2))
    assert crashed.body["errorType"] == "Runtime.ExitError"
    assert notifier.invoke(event("sqs-sns", 2)).body == {"batchItemFailures": []}, notifier.log
    assert len(cloud.slack.messages()) == 2
