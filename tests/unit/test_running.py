"""Each checkout has its own demo, and the AWS that the environment names wins over it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import running
from cli.main import main
from lab.leftovers import remove
from lab.processes import MARK, wait_until

DEMO: Mapping[str, str] = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_REGION": "us-east-1"}
PAGE = "http://127.0.0.1:15000/"
SLEEP = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def of(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be in another checkout."""
    with monkeypatch.context() as there:
        there.setattr(running, "CHECKOUT", checkout)
        yield


def record(state: Path) -> Path:
    (file,) = state.rglob("*.json")
    return file


def test_a_demo_belongs_to_its_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with of(tmp_path / "other", monkeypatch), running.announced("arn:topic", DEMO, page=PAGE):
        assert running.read()
        with of(tmp_path / "ours", monkeypatch):
            assert running.read() is None
            assert running.chosen() is None
            answer = CliRunner().invoke(main, ["emit", "order.created", "1"])
            assert answer.exit_code == 2
            assert f"No demo of this checkout ({tmp_path / 'ours'}) is running" in answer.stderr
            assert answer.stderr.count(PAGE) == 1
            asked = CliRunner().invoke(main, ["balance"]).stderr
            assert f"One of {tmp_path / 'other'} runs: {PAGE}" in asked
            monkeypatch.setenv("AWS_REGION", "eu-west-1")
            running.tell()
            assert PAGE not in capsys.readouterr().err


@pytest.mark.parametrize("name", [*running.NAMING, "AWS_ENDPOINT_URL_SNS"])
def test_what_the_environment_names_wins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with running.announced("arn:topic", DEMO, page=PAGE):
        assert running.chosen()
        monkeypatch.setenv(name, "somewhere")
        assert running.chosen() is None
        assert f"A demo runs here, but {name} names another AWS" in running.absent()
        monkeypatch.setenv(name, "")
        assert running.chosen()


def test_a_command_says_which_aws_it_uses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with running.announced("arn:topic", DEMO, page=PAGE):
        running.tell()
        assert capsys.readouterr() == ("", f"Using the demo that runs here: {PAGE}\n")
        monkeypatch.setenv("AWS_PROFILE", "shop")
        running.tell()
        assert capsys.readouterr() == (
            "",
            "AWS_PROFILE is set: the command uses that AWS, not the demo that runs here.\n",
        )


def test_an_environment_that_names_the_demo_itself_names_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with running.announced("arn:topic", DEMO):
        for name, value in {**DEMO, "AWS_ACCESS_KEY_ID": "test"}.items():
            monkeypatch.setenv(name, value)
        assert running.chosen()


@pytest.mark.parametrize("change", [{"started": "at another time"}, {"started": ""}, {"pid": 2**22 + 1}])
def test_a_process_with_the_same_number_is_no_demo(state: Path, change: dict[str, object]) -> None:
    with running.announced("arn:topic", DEMO):
        assert running.read()
        written = json.loads(record(state).read_text())
        record(state).write_text(json.dumps({**written, **change}))
        assert running.read() is None


def test_a_second_demo_says_where_the_first_runs() -> None:
    with running.claimed():
        with (
            pytest.raises(running.TakenError, match=f"is starting or ending already: process {os.getpid()}"),
            running.claimed(),
        ):
            pass
        with running.announced("arn:topic", DEMO, page=PAGE):
            with pytest.raises(running.TakenError, match=f"runs already: {PAGE}") as taken, running.claimed():
                pass
            assert taken.value.exit_code == 2
        assert running.read() is None


def test_a_demo_that_is_still_starting_is_worth_waiting_for() -> None:
    with running.claimed():
        assert running.chosen() is None
        assert f"is still starting, or ending (process {os.getpid()})." in running.absent()
    assert "still starting" not in running.absent()


def test_a_demo_of_another_checkout_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, ours = (of(tmp_path / name, monkeypatch) for name in ("other", "ours"))
    with other, running.announced("arn:topic", DEMO, page=PAGE), ours, running.claimed():
        assert PAGE in running.absent()


def test_what_a_killed_demo_left_is_removed_and_nothing_else(state: Path) -> None:
    folder = state / "notifier-killed"
    folder.mkdir()
    (folder / "data").write_text("x")
    killed, other = (
        subprocess.Popen(SLEEP, env={MARK: str(path)}, stdout=subprocess.PIPE, start_new_session=True)
        for path in (folder, state / "notifier-other")
    )
    try:
        for process in (killed, other):
            assert process.stdout
            process.stdout.readline()
        with running.announced("arn:topic", DEMO):
            written = json.loads(record(state).read_text())
        # Its number now belongs to another process, ours.
        record_of_the_killed = {**written, "started": "before", "folder": str(folder)}
        running._file(running.CHECKOUT).write_text(json.dumps(record_of_the_killed))
        with running.claimed() as ours:
            assert killed.wait(10) == -signal.SIGKILL
            assert not folder.exists()
            assert ours.exists()
            assert other.poll() is None
        assert not ours.exists()
        assert not list(state.rglob("*.json"))
    finally:
        for process in (killed, other):
            process.kill()
            process.communicate()


def test_only_a_folder_of_a_local_cloud_is_ever_removed(tmp_path: Path) -> None:
    folder = tmp_path / "precious"
    folder.mkdir()
    remove(folder)
    assert folder.exists()


def test_children_carry_the_folder_of_their_cloud_whatever_their_environment(tmp_path: Path) -> None:
    from lab.processes import child

    log = tmp_path / "log"
    with running.claimed() as folder, child(["env"], env={"PATH": os.defpath}, log=log) as process:
        wait_until(lambda: not process.running, "the child's end", 10)
        assert f"{MARK}={folder}" in log.read_text().splitlines()
    assert MARK not in os.environ
