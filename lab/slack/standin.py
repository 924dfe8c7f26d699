"""The stand-in's whole state: configuration, messages, orders for faults, and received requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.slack.clock import Clock
from lab.slack.config import Config
from lab.slack.faults import Script
from lab.slack.rate import Limiter
from lab.slack.workspace import Workspace


@dataclass(slots=True)
class Request:
    """A received request. `status` is that of the response, None if the connection was closed before.

    It contains no token and no webhook secret: `token` says whether there was a token, `path` ends before the secret.
    `retry_after` is the Retry-After header of the response, empty if it had none.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    token: bool
    received_at: float
    channel: str = ""
    fault: str = ""
    status: int | None = None
    retry_after: str = ""


@dataclass(slots=True)
class StandIn:
    """The state of a Slack. `start` is the configuration that a reset restores; its clock is not reset."""

    start: Config
    journal: Path | None = None
    clock: Clock = field(default_factory=Clock)
    config: Config = field(init=False)
    workspace: Workspace = field(init=False)
    limiter: Limiter = field(init=False)
    script: Script = field(init=False, default_factory=Script)
    requests: list[Request] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.workspace = Workspace(self.journal, self.clock.now)
        self._begin()

    def configure(self, document: Any) -> None:
        """Change the configuration by a JSON document (Config.changed). Raises ValueError."""
        self.config = self.config.changed(document)
        self.limiter.rate = self.config.rate

    def reset(self) -> None:
        """Remove messages, requests and orders, and restore the configuration at the start."""
        self.workspace.clear()
        self.script.clear()
        self.requests.clear()
        self._begin()

    def _begin(self) -> None:
        self.config = self.start
        self.limiter = Limiter(self.start.rate, self.clock.now)
