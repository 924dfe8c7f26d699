"""The commands for templates run where the parts of Unix are missing, and print in what a console there can show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Takes away what Windows does not have, and then is `notifier`. What opens a text without naming its encoding fails.
WINDOWS = """
import os, signal, socket, subprocess, sys, tempfile, time, warnings
warnings.filterwarnings("error", category=EncodingWarning, module=r"(cli|handler)\\b")
for name in ("curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None
LACKING = {
    os: "O_NONBLOCK chown fchmod fchown fork forkpty getegid geteuid getgid getpgid getpgrp getuid killpg mkfifo nice "
    "sched_getaffinity setpgid setsid setuid statvfs sysconf uname",
    signal: "ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGPROF SIGQUIT SIGUSR1 "
    "SIGUSR2 SIGVTALRM SIGWINCH alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigwait",
    socket: "AF_UNIX",
    time: "tzset",
}
for module, names in LACKING.items():
    for name in names.split():
        vars(module).pop(name, None)
from cli.main import main
main(prog_name="notifier")
"""
UNREACHED = ("--db", "mysql://reader@127.0.0.1:1/shop;tls=off")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


def run(folder: Path, *arguments: str, encoding: str = "utf-8", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "warn_default_encoding", "-c", WINDOWS, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("NOTIFIER_", "SLACK_"))},
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": encoding,
            "XDG_STATE_HOME": str(folder),
            "NOTIFIER_DB_PASSWORD": "x",
            **environment,
        },
        capture_output=True,
        encoding=encoding,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "encoding"),
    [
        (("lint",), "cp1252"),
        (("lint", "--json"), "cp1252"),
        (("test",), "cp1252"),
        (("list", "--json"), "cp932"),
        (("list", "--html", "page.html"), "cp1252"),
        (("preview", "order.shipped"), "cp1252"),
        (("schema",), "cp1252"),
        (("types",), "cp1252"),
    ],
    ids=str,
)
def test_a_command_does_its_work(folder: Path, arguments: tuple[str, ...], encoding: str) -> None:
    answer = run(folder, "--lang", "ja", *arguments, encoding=encoding)
    assert (answer.returncode, "Traceback" in answer.stderr) == (0, False), answer.stderr
    assert answer.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("lint", *UNREACHED), 1),
        (("preview", "--diff"), 2),
        (("sample", "order.created", "1042", *UNREACHED), 1),
        (("send", "order.created", "--sample", "in yen", "--to", "U0123ABCD"), 2),
        (("sql", *UNREACHED), 1),
        (("demo",), 1),
    ],
    ids=str,
)
def test_what_a_command_cannot_do_has_a_name(folder: Path, arguments: tuple[str, ...], code: int) -> None:
    answer = run(folder, *arguments)
    assert (answer.returncode, "Traceback" in answer.stderr) == (code, False), answer.stderr


def test_a_message_is_approved_in_a_file_that_is_the_same_everywhere(folder: Path) -> None:
    approved = folder / "templates/_approved/order.created.txt"
    before = approved.read_bytes()
    approved.unlink()
    assert run(folder, "test", "--approve", "order.created", encoding="cp1252").returncode == 0
    assert approved.read_bytes() == before
