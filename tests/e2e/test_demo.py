"""`notifier demo` as a person runs it: to its end, and stopped half-way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab.sam import ROOT
from tests.databases import WANTED

NOTIFIER = Path(sys.executable).with_name("notifier")


@pytest.fixture(params=WANTED, ids=lambda product: product.name)
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """A place for temporary files and state of its own, so that whatever is left behind can be told; and a database."""
    folder = tmp_path / "t"
    folder.mkdir()
    own = {"TMPDIR": str(folder), "XDG_STATE_HOME": str(tmp_path / "state"), "DATABASE": request.param.name}
    return {**os.environ, **own}


def left_over(environment: dict[str, str]) -> list[str]:
    """Processes and files that still name the run's own folder."""
    listed = subprocess.run(["ps", "-eww", "-o", "pid,args"], capture_output=True, text=True, check=True).stdout
    found = [line for line in listed.splitlines() if environment["TMPDIR"] in line]
    return found + [str(path) for path in Path(environment["TMPDIR"]).glob("notifier-*")]


@contextmanager
def demo_until(reached: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A demo that has said `reached`; its output so far is gone, the rest is in `stdout`."""
    with subprocess.Popen(
        [NOTIFIER, "demo", "--once", "--database", environment["DATABASE"]],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        while reached not in (line := process.stdout.readline()):
            assert line, f"the demo ended before it said {reached}"
        yield process


def test_once_delivers_every_sample_and_leaves_nothing(environment: dict[str, str]) -> None:
    command = [NOTIFIER, "demo", "--once", "--database", environment["DATABASE"]]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    counted = re.fullmatch(
        r"(\d{2}) published, 1 found by a poll, (\d{2}) delivered, 0 lost", ran.stdout.splitlines()[-1]
    )
    assert counted, ran.stdout
    assert int(counted[1]) + 1 == int(counted[2])
    assert "into refunds and published nothing; its poll finds it" in ran.stdout
    assert "T-001042" in ran.stdout
    assert "plain text" not in ran.stdout  # no layout was refused
    assert not left_over(environment)


def test_with_the_tables_of_a_dump_it_publishes_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    dump = tmp_path / "my.sql"
    dump.write_text("CREATE TABLE pets (id INT PRIMARY KEY);\nINSERT INTO pets VALUES (7);\n")
    command = [NOTIFIER, "demo", "--once", "--database", environment["DATABASE"], "--sql", dump]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Published nothing" in ran.stdout
    assert not left_over(environment)


def test_a_dump_that_cannot_be_loaded_ends_the_demo(environment: dict[str, str], tmp_path: Path) -> None:
    dump = tmp_path / "my.sql"
    dump.write_text("CREATE TABLE pets (id INT PRIMARY KEY);\nINSERT INTO pest VALUES (7);\n")
    command = [NOTIFIER, "demo", "--once", "--database", environment["DATABASE"], "--sql", dump]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout
    assert "my.sql, line 2: INSERT INTO" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not left_over(environment)


@pytest.mark.parametrize(
    ("reached", "number"),
    [("read replica", signal.SIGINT), ("Slack", signal.SIGTERM), ("sam build", signal.SIGINT)],
)
def test_stopped_half_way_it_leaves_nothing(environment: dict[str, str], reached: str, number: signal.Signals) -> None:
    with demo_until(reached, environment) as process:
        process.send_signal(number)
        said, _ = process.communicate()
    assert process.returncode == 130, said
    assert "Stopped" in said
    assert "Traceback" not in said
    assert not left_over(environment)


def test_what_is_left_of_one_that_was_killed_with_its_guards_goes_with_the_next_start(
    environment: dict[str, str],
) -> None:
    with demo_until("AWS", environment) as process:
        guards = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout
        process.send_signal(signal.SIGSTOP)  # it would clear up, and so would a guard whose parent is gone
        for pid in [*map(int, guards.split()), process.pid]:
            os.kill(pid, signal.SIGKILL)
    assert len(left_over(environment)) > 2
    start = "from cli import running\nwith running.claimed(): pass"
    subprocess.run([sys.executable, "-c", start], env=environment, cwd=ROOT, check=True)
    assert not left_over(environment)


def test_a_part_that_ends_ends_the_demo_which_names_it(environment: dict[str, str]) -> None:
    with demo_until("AWS", environment) as process:
        listed = subprocess.run(
            ["pgrep", "-f", f"lab.slack .*{environment['TMPDIR']}"], capture_output=True, text=True, check=True
        )
        for pid in map(int, listed.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        said, _ = process.communicate()
    assert process.returncode == 1, said
    assert "Slack has ended" in said
    assert "Traceback" not in said
    assert not left_over(environment)


def test_a_second_one_says_where_the_first_runs(environment: dict[str, str]) -> None:
    with demo_until("read replica", environment) as first:
        ran = subprocess.run([NOTIFIER, "demo"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == 2
        assert f"is starting or ending already: process {first.pid}" in ran.stderr
        first.send_signal(signal.SIGINT)
        first.communicate()
    assert not left_over(environment)


def test_killed_outright_it_leaves_no_process(environment: dict[str, str]) -> None:
    with demo_until("AWS", environment) as process:
        process.kill()
    deadline = time.monotonic() + 30
    while processes := [line for line in left_over(environment) if not line.startswith("/")]:
        assert time.monotonic() < deadline, processes
        time.sleep(0.1)
