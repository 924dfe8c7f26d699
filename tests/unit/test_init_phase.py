"""The init phase gets ready what it can, in a limited time, and breaks nothing."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from handler import init_phase
from handler.errors import ConfigError

# Long enough that a busy machine reaches the step that is to be interrupted.
SHORT = 0.3


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(init_phase._logger, "debug", lambda text, *values: lines.append(text % values))
    return lines


def raising(error: BaseException) -> Callable[[], object]:
    def step() -> object:
        raise error

    return step


def silent() -> object:
    """Wait for a server that says nothing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return ours.recv(1)


def stubborn() -> object:
    """Catch whatever is an Exception, as libraries do."""
    while True:
        with suppress(Exception):
            silent()


def swallowing() -> object:
    """Lose the first alarm, as Python does in a destructor."""
    with suppress(BaseException):
        silent()
    return silent()


def test_each_step_runs_in_order_whatever_becomes_of_the_others(log: list[str]) -> None:
    ran: list[str] = []
    init_phase.prepare(
        lambda: [
            lambda: ran.append("first"),
            raising(ConfigError("CONFIG_UNAVAILABLE", "the store")),
            lambda: ran.append("second"),
            raising(OSError("no more files")),
            lambda: ran.append("third"),
        ]
    )
    assert ran == ["first", "second", "third"]
    assert [line.partition(" at ")[0] for line in log] == [
        "not prepared: CONFIG_UNAVAILABLE: the store",
        "not prepared: INTERNAL: OSError",
    ]


def test_steps_that_cannot_be_listed_are_none(log: list[str]) -> None:
    def none() -> Iterable[Callable[[], object]]:
        raise ConfigError("CONFIG_INVALID", "NOTIFIER_SLACK is wrong")

    init_phase.prepare(none)
    assert log == ["not prepared: CONFIG_INVALID: NOTIFIER_SLACK is wrong"]


def test_an_error_is_told_by_its_name_and_not_by_its_text(log: list[str]) -> None:
    init_phase.prepare(lambda: [raising(ValueError("xoxb-secret"))])
    [line] = log
    assert "ValueError" in line
    assert "xoxb" not in line


@pytest.mark.parametrize("step", [silent, stubborn, swallowing])
def test_a_step_that_does_not_end_is_stopped_and_nothing_follows_it(log: list[str], step: Callable[[], object]) -> None:
    ran: list[str] = []
    init_phase.prepare(lambda: [lambda: ran.append("first"), step, lambda: ran.append("second")], SHORT)
    assert ran == ["first"]
    assert log == ["not all is prepared after 0.3 s"]


@pytest.mark.parametrize("steps", [[], [silent], [raising(ValueError())]], ids=["none", "silent", "failing"])
def test_no_alarm_is_left_behind(steps: list[Callable[[], object]]) -> None:
    before = signal.getsignal(signal.SIGALRM)
    init_phase.prepare(lambda: steps, SHORT)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_end_of_the_process_is_not_held_up() -> None:
    with pytest.raises(KeyboardInterrupt):
        init_phase.prepare(lambda: [raising(KeyboardInterrupt())])
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_another_thread_prepares_without_a_limit() -> None:
    ran: list[str] = []
    thread = threading.Thread(target=init_phase.prepare, args=(lambda: [lambda: ran.append("step")],))
    thread.start()
    thread.join()
    assert ran == ["step"]
