"""Where a running demo can be reached, so that commands in another terminal find it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

# What the demo's stack is called, and any other by default.
STACK: Final = "notifier"


@dataclass(frozen=True, slots=True)
class Running:
    """A demo: its process, its topic, the AWS_* variables that lead to its local AWS, and its stack there."""

    pid: int
    topic: str
    environment: Mapping[str, str]
    stack: str = STACK


def _file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "slack-chatops-notifier/demo.json"


@contextmanager
def announced(topic: str, environment: Mapping[str, str], stack: str = STACK) -> Iterator[None]:
    """Let other commands find this process's demo until the block ends."""
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(Running(os.getpid(), topic, dict(environment), stack))))
    try:
        yield
    finally:
        found = read()
        if found and found.pid == os.getpid():
            path.unlink()


def read() -> Running | None:
    """Return the demo that runs now, or None. What a crashed one left behind does not count."""
    try:
        found = Running(**json.loads(_file().read_text()))
        os.kill(found.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return found
