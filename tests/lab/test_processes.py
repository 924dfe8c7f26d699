"""A child is gone when its parent is, whichever way the parent went."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.processes import ChildError, child, free_port, listening, wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]

# Prints the ids of itself and of a process that it starts, and ignores TERM: only KILL ends it.
STUBBORN_FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), grandchild.pid, flush=True)
time.sleep(600)
"""

PARENT = """
import sys, time
from pathlib import Path
from lab.processes import child
with child([sys.executable, "-c", sys.argv[1]], log=Path(sys.argv[2]), grace_seconds=0.1):
    {then}
"""


def alive(pid: int) -> bool:
    """A zombie that nobody has collected yet counts as gone."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state) and not state.startswith("Z")


def family(log: Path) -> list[int]:
    return wait_until(lambda: [int(pid) for pid in log.read_text().split()] if log.exists() else [], "the ids", 20)


@contextmanager
def parent(log: Path, then: str = "time.sleep(600)") -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that runs the family as its child."""
    script = textwrap.dedent(PARENT).format(then=then)
    with subprocess.Popen([sys.executable, "-c", script, STUBBORN_FAMILY, str(log)], stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_parent_leaves_neither_child_nor_grandchild(tmp_path: Path, number: signal.Signals) -> None:
    with parent(tmp_path / "log") as process:
        pids = family(tmp_path / "log")
        assert all(map(alive, pids))
        process.send_signal(number)
        wait_until(lambda: not any(map(alive, pids)), "the family to be gone", 20)


@pytest.mark.parametrize("then", ["raise SystemExit(3)", "raise RuntimeError", "import os; os._exit(0)"])
def test_a_parent_that_ends_leaves_neither_child_nor_grandchild(tmp_path: Path, then: str) -> None:
    wait = "while len(Path(sys.argv[2]).read_text().split()) < 2: time.sleep(0.01)\n    "
    with parent(tmp_path / "log", wait + then) as process:
        pids = family(tmp_path / "log")
        process.wait(20)
        wait_until(lambda: not any(map(alive, pids)), "the family to be gone", 20)


@pytest.mark.parametrize("delay_seconds", [0.0, 0.01, 0.02, 0.04, 0.08])
def test_a_parent_killed_while_it_starts_a_child_leaves_nothing(tmp_path: Path, delay_seconds: float) -> None:
    marker = f"sleeper in {tmp_path}"
    sleeper = [*SLEEPER, marker]
    script = f"from lab.processes import child\nprint('now', flush=True)\nwith child({sleeper!r}) as c: c._guard.wait()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"now\n"
        time.sleep(delay_seconds)
        process.kill()
    listing = ["ps", "-A", "-o", "args="]
    wait_until(
        lambda: marker not in subprocess.run(listing, capture_output=True, text=True, check=True).stdout,
        "every trace to be gone",
        20,
    )


def test_leaving_the_block_ends_the_child_in_order(tmp_path: Path) -> None:
    polite = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('up', flush=True)"
    with child([sys.executable, "-c", f"{polite}; time.sleep(600)"], log=tmp_path / "log") as process:
        wait_until(lambda: "up" in (tmp_path / "log").read_text(), "the child", 20, process)
        assert process.running
        assert process.status is None
    assert not process.running
    assert process.status == 7


def test_a_stopped_child_is_ended_too(tmp_path: Path) -> None:
    with child(SLEEPER) as process:
        os.kill(process.pid, signal.SIGSTOP)
    assert process.status == -signal.SIGTERM
    assert not alive(process.pid)


def test_a_child_can_be_killed_as_by_a_crash() -> None:
    with child(SLEEPER) as process:
        assert process.kill() == -signal.SIGKILL
        assert not process.running
    assert not alive(process.pid)


def test_a_child_whose_guard_was_killed_is_ended_too() -> None:
    with child(SLEEPER) as process:
        os.kill(os.getpgid(process.pid), signal.SIGKILL)
        wait_until(lambda: not process.running, "the guard's end", 20)
        assert alive(process.pid)
    wait_until(lambda: not alive(process.pid), "the child's end", 20)


def test_what_a_child_leaves_behind_goes_with_it(tmp_path: Path) -> None:
    starts_and_exits = STUBBORN_FAMILY.replace("time.sleep(600)\n", "", 2) + "\nsys.exit(0)"
    with child([sys.executable, "-c", starts_and_exits], log=tmp_path / "log") as process:
        pids = family(tmp_path / "log")
        wait_until(lambda: not process.running, "the child to end", 20)
        assert process.status == 0
        wait_until(lambda: not any(map(alive, pids)), "the grandchild to be gone", 20)


def test_the_child_gets_the_environment_and_the_folder_it_is_given(tmp_path: Path) -> None:
    report = "import os; print(os.environ['WORD'], os.getcwd(), flush=True)"
    log = tmp_path / "log"
    with child([sys.executable, "-c", report], env={"WORD": "tea"}, cwd=tmp_path, log=log) as process:
        wait_until(lambda: not process.running, "its end", 20)
    assert log.read_text() == f"tea {tmp_path.resolve()}\n"


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildError, match=r"no-such-program did not start.*No such file"),
        child([tmp_path / "no-such-program"]),
    ):
        pytest.fail("it cannot start")


def test_waiting_for_a_child_that_died_shows_the_end_of_its_log(tmp_path: Path) -> None:
    dying = "import sys; print('line of the past\\n' * 100, flush=True); sys.exit('the port is taken')"
    with (
        child([sys.executable, "-c", dying], log=tmp_path / "log") as process,
        pytest.raises(ChildError, match=r"(?s)status 1\) while we waited for the server.*the port is taken") as raised,
    ):
        wait_until(lambda: False, "the server", 20, process)
    assert str(raised.value).count("line of the past") < 20


def test_waiting_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("still warming up")
    with (
        child(SLEEPER, log=tmp_path / "log") as process,
        pytest.raises(TimeoutError, match=r"(?s)0.05 s waiting for spring.*still warming up"),
    ):
        wait_until(lambda: False, "spring", 0.05, process)


def test_waiting_gives_the_answer() -> None:
    answers = iter([None, "", "ready"])
    assert wait_until(lambda: next(answers), "an answer", 20) == "ready"


def test_free_ports_differ_and_can_be_bound() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    with socket.create_server(("127.0.0.1", ports[0])):
        assert listening(ports[0])
    assert not listening(ports[0])
