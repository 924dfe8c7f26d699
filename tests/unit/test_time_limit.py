"""Code that only computes is interrupted; time that passes is not held against it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from handler.errors import TemplateError
from handler.time_limit import time_limit


def spin(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_computing_too_long_is_named() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TemplateError) as caught, time_limit("order.created.yaml", 0.05):
        spin(5)
    assert caught.value.code == "TEMPLATE_LIMIT"
    assert caught.value.detail.startswith("order.created.yaml: still computing after 0.05 s")
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
