"""Code that only computes is interrupted; time that passes is not held against it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from handler.errors import TemplateError
from handler.time_limit import TimeLimit, time_limit


def spin(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_computing_too_long_is_named() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TemplateError) as caught, time_limit("order.created.yaml", 0.05):
        spin(5)
    assert caught.value.code == "TEMPLATE_LIMIT"
    assert caught.value.detail.startswith("order.created.yaml: 0.05 s")
    assert signal.getsignal(signal.SIGPROF) is before


def test_waiting_is_not_computing_and_the_alarm_is_off_afterwards() -> None:
    with time_limit("x", 0.05):
        time.sleep(0.1)
    spin(0.1)


def test_another_thread_has_no_limit() -> None:
    ended: list[bool] = []

    def run() -> None:
        with time_limit("x", 0.01):
            spin(0.05)
        ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ended == [True]


def test_a_template_that_computes_without_end_is_stopped() -> None:
    """In a process of its own: what the language bounds, put together as badly as it allows."""
    loops = "{% for a in range(200) %}{% for b in range(200) %}"
    source = loops + "{% if 'x' * 999 == 'y' * 999 %}{% endif %}" * 400 + "{% endfor %}{% endfor %}"
    program = (
        "import sys\n"
        "from handler.model import Leaf\n"
        "from handler.errors import TemplateError\n"
        "from handler.templating import Templates\n"
        "from handler.time_limit import time_limit\n"
        "try:\n"
        "    with time_limit('t', 0.2):\n"
        "        Templates().render(Leaf('mrkdwn', sys.argv[1], 't'), {})\n"
        "except TemplateError as error:\n"
        "    print(error.code)\n"
    )
    command = [sys.executable, "-c", program, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=dict(os.environ))
    assert done.stdout == "TEMPLATE_LIMIT\n"


def compute(limit: TimeLimit, seconds: float, error: Exception | None = None) -> None:
    with limit.running():
        spin(seconds)
        if error:
            raise error


def swallow(limit: TimeLimit) -> None:
    with limit.running():
        with contextlib.suppress(Exception):
            spin(5)
        limit.check()
        pytest.fail("the alarm is lost")


def test_the_time_of_several_blocks_adds_up() -> None:
    limit = TimeLimit(0.4)
    compute(limit, 0.24)
    spin(0.4)  # is not counted
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT: 0.4 s"):
        compute(limit, 5)
    with pytest.raises(TemplateError), limit.running():
        pytest.fail("nothing runs after the end")


def test_an_alarm_that_was_swallowed_is_raised_again() -> None:
    with pytest.raises(TemplateError):
        swallow(TimeLimit(0.03))
    limit = TimeLimit(0.03)
    with pytest.raises(TemplateError), limit.running(), contextlib.suppress(Exception):
        spin(5)
    assert limit.ended


def swallow_once(swallowed: list[TemplateError]) -> None:
    """Swallow the first error, and go on for two seconds at most."""
    ends = time.process_time() + 2
    while True:
        try:
            while time.process_time() < ends:
                sum(range(1000))
        except TemplateError as error:
            swallowed.append(error)
            if len(swallowed) > 1:
                raise
        else:
            return


def test_an_alarm_whose_error_was_swallowed_rings_again_while_the_block_goes_on() -> None:
    swallowed: list[TemplateError] = []
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT"), time_limit("text", 0.05):
        swallow_once(swallowed)
    assert len(swallowed) == 2


def test_of_limits_in_one_another_the_outer_one_counts() -> None:
    outer, inner = TimeLimit(0.05), TimeLimit(5)
    with pytest.raises(TemplateError, match=r"TEMPLATE_LIMIT: 0.05 s"), outer.running(), inner.running():
        spin(5)
    inner.check()


def test_an_error_of_the_block_passes_and_the_alarm_is_off() -> None:
    with pytest.raises(KeyError):
        compute(TimeLimit(5), 0, KeyError("x"))
    assert not TimeLimit.is_armed()
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def spin_and_look(limit: TimeLimit) -> None:
    spin(0.05)
    limit.check()
    pytest.fail("it did not look at the clock")


def test_without_an_alarm_each_operation_looks_at_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handler.time_limit._HAS_ALARM", False)
    limit = TimeLimit(0.03)
    with pytest.raises(TemplateError), limit.running():
        spin_and_look(limit)
    with pytest.raises(TemplateError, match="order.created.yaml: 0.03 s"), time_limit("order.created.yaml", 0.03):
        spin(0.05)
    assert not TimeLimit.is_armed()
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
